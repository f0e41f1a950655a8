//! Percentiles and rounding for the printed rows.

use serde_json::{Value, json};

pub fn round(x: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (x * factor).round() / factor
}

/// `total / count`, with two decimals; an empty measurement gives the total itself rather than a division by zero.
pub fn per(total: f64, count: u64) -> f64 {
    round(total / count.max(1) as f64, 2)
}

fn percentile_us(sorted_ns: &[u32], p: f64) -> f64 {
    if sorted_ns.is_empty() {
        return 0.0;
    }
    let rank = (sorted_ns.len() as f64 * p / 100.0).ceil() as usize;
    round(f64::from(sorted_ns[rank.clamp(1, sorted_ns.len()) - 1]) / 1000.0, 1)
}

pub fn latency(mut ns: Vec<u32>) -> Value {
    ns.sort_unstable();
    let mean = ns.iter().map(|n| f64::from(*n)).sum::<f64>() / ns.len().max(1) as f64;
    json!({
        "mean_us": round(mean / 1000.0, 1),
        "p50_us": percentile_us(&ns, 50.0),
        "p95_us": percentile_us(&ns, 95.0),
        "p99_us": percentile_us(&ns, 99.0),
        "max_us": percentile_us(&ns, 100.0),
    })
}

pub fn nanos(elapsed: std::time::Duration) -> u32 {
    u32::try_from(elapsed.as_nanos()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::percentile_us;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let ns: Vec<u32> = (1..=100).map(|n| n * 1000).collect();
        for (p, wanted) in [(50.0, 50.0), (95.0, 95.0), (99.0, 99.0), (100.0, 100.0), (0.0, 1.0)] {
            assert_eq!(percentile_us(&ns, p), wanted);
        }
        assert_eq!(percentile_us(&[], 50.0), 0.0);
    }
}
