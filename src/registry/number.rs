//! Compares numbers as JSON writes them (RFC 8259), exactly: no machine type comes between.

/// Whether two texts are JSON numbers of the same value: `42`, `42.0` and `4.2e1` are.
pub(crate) fn same_number(a: &str, b: &str) -> bool {
    Decimal::read(a).is_some_and(|a| Some(a) == Decimal::read(b))
}

/// A number as its significant digits and the power of ten of the last one.
struct Decimal<'a> {
    negative: bool,
    /// Digits before the point, the first of them not 0.
    integer: &'a str,
    /// Digits behind it, the last of them not 0.
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// `None` for what is no JSON number, and for an exponent past 64 bits.
    fn read(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, read_power(power)?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let padded = integer.len() > 1 && integer.starts_with('0');
        if integer.is_empty() || padded || !is_digits(integer) || !is_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let whole = if fraction.is_empty() { integer.trim_end_matches('0') } else { integer };
        let shift = i64::try_from(integer.len() - whole.len()).ok()? - i64::try_from(fraction.len()).ok()?;
        let integer = whole.trim_start_matches('0');
        let fraction = if integer.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        if integer.is_empty() && fraction.is_empty() {
            return Some(Self { negative: false, integer, fraction, exponent: 0 });
        }
        Some(Self { negative, integer, fraction, exponent: power.checked_add(shift)? })
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.integer.bytes().chain(self.fraction.bytes())
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.negative == other.negative && self.exponent == other.exponent && self.digits().eq(other.digits())
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_digits(digits) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let cases = [
            ("42", "42", true),
            ("42", "42.0", true),
            ("42", "42.000", true),
            ("42", "4.2e1", true),
            ("42", "4.2E+1", true),
            ("42", "420e-1", true),
            ("4200", "42e2", true),
            ("0.5", "5e-1", true),
            ("0.0050", "5e-3", true),
            ("100.25", "10025e-2", true),
            ("0", "-0.0", true),
            ("0", "0e99", true),
            ("9007199254740993", "9007199254740993.0", true),
            ("9007199254740993", "9007199254740992", false),
            ("42", "-42", false),
            ("42", "43", false),
            ("42", "420", false),
            ("0.5", "0.05", false),
            ("1e2", "1e3", false),
            // None of these is a number to JSON.
            ("042", "42", false),
            ("+42", "42", false),
            ("42.", "42", false),
            (".5", "0.5", false),
            ("", "", false),
            ("-", "-", false),
            ("0x2a", "42", false),
            ("42 ", "42", false),
            ("1e", "1e", false),
            ("1e+-1", "1e-1", false),
            ("1e99999999999999999999", "1e99999999999999999999", false),
            ("NaN", "NaN", false),
        ];
        for (a, b, want) in cases {
            assert_eq!(same_number(a, b), want, "{a} {b}");
            assert_eq!(same_number(b, a), want, "{b} {a}");
        }
    }
}
