//! What a client declared that it can do, looked at only when a call asks it something.

use serde::{Deserialize, de::IgnoredAny};

use super::Revision;

/// A capability of a client that a question needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientCapability {
    ElicitationForm,
    ElicitationUrl,
    Sampling,
    SamplingTools,
    Roots,
}

#[derive(Default, Deserialize)]
struct Declared {
    #[serde(default)]
    elicitation: Option<Elicitation>,
    #[serde(default)]
    sampling: Option<Sampling>,
    #[serde(default)]
    roots: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Elicitation {
    #[serde(default)]
    form: Option<IgnoredAny>,
    #[serde(default)]
    url: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Sampling {
    #[serde(default)]
    tools: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Question<'a> {
    #[serde(default)]
    mode: Option<&'a str>,
    #[serde(default)]
    tools: Option<IgnoredAny>,
    #[serde(default, rename = "toolChoice")]
    tool_choice: Option<IgnoredAny>,
}

impl ClientCapability {
    /// What a question of that method and parameters needs; `None` for a method that asks a client nothing.
    pub(crate) fn of_question(method: &str, params: Option<&str>) -> Option<Self> {
        let question = params.and_then(|text| serde_json::from_str::<Question<'_>>(text).ok());
        Some(match method {
            "elicitation/create" => match question.and_then(|q| q.mode) {
                Some("url") => Self::ElicitationUrl,
                _ => Self::ElicitationForm,
            },
            "sampling/createMessage" => match question {
                Some(q) if q.tools.is_some() || q.tool_choice.is_some() => Self::SamplingTools,
                _ => Self::Sampling,
            },
            "roots/list" => Self::Roots,
            _ => return None,
        })
    }

    /// Whether a client that declared `capabilities` (JSON text) in that revision has it.
    pub(crate) fn is_declared(self, capabilities: &str, revision: Revision) -> bool {
        let declared: Declared = serde_json::from_str(capabilities).unwrap_or_default();
        match self {
            // `"elicitation": {}` stands for the form, which is all that 2025-06-18 knew.
            Self::ElicitationForm => {
                revision >= Revision::V2025_06_18
                    && declared.elicitation.is_some_and(|e| e.form.is_some() || e.url.is_none())
            }
            Self::ElicitationUrl => {
                revision >= Revision::V2025_11_25 && declared.elicitation.is_some_and(|e| e.url.is_some())
            }
            Self::Sampling => declared.sampling.is_some(),
            Self::SamplingTools => declared.sampling.is_some_and(|s| s.tools.is_some()),
            Self::Roots => declared.roots.is_some(),
        }
    }

    /// The `requiredCapabilities` of the error that says it is missing, as JSON text.
    pub(crate) const fn required(self) -> &'static str {
        match self {
            Self::ElicitationForm => r#"{"elicitation":{}}"#,
            Self::ElicitationUrl => r#"{"elicitation":{"url":{}}}"#,
            Self::Sampling => r#"{"sampling":{}}"#,
            Self::SamplingTools => r#"{"sampling":{"tools":{}}}"#,
            Self::Roots => r#"{"roots":{}}"#,
        }
    }

    /// Its name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ElicitationForm => "elicitation",
            Self::ElicitationUrl => "elicitation.url",
            Self::Sampling => "sampling",
            Self::SamplingTools => "sampling.tools",
            Self::Roots => "roots",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientCapability as C, Revision as R};

    #[test]
    fn questions_need_what_they_use() {
        let cases = [
            ("elicitation/create", Some(r#"{"message":"m"}"#), Some(C::ElicitationForm)),
            ("elicitation/create", Some(r#"{"mode":"url"}"#), Some(C::ElicitationUrl)),
            ("sampling/createMessage", Some(r#"{"tools":[]}"#), Some(C::SamplingTools)),
            ("sampling/createMessage", None, Some(C::Sampling)),
            ("roots/list", None, Some(C::Roots)),
            ("tools/list", None, None),
        ];
        for (method, params, want) in cases {
            assert_eq!(C::of_question(method, params), want, "{method} {params:?}");
        }
    }

    #[test]
    fn declarations_are_read_by_revision() {
        let cases = [
            (r#"{"elicitation":{}}"#, R::V2025_06_18, C::ElicitationForm, true),
            (r#"{"elicitation":{}}"#, R::V2025_03_26, C::ElicitationForm, false),
            (r#"{"elicitation":{}}"#, R::V2025_11_25, C::ElicitationUrl, false),
            (r#"{"elicitation":{"url":{}}}"#, R::V2026_07_28, C::ElicitationUrl, true),
            (r#"{"elicitation":{"url":{}}}"#, R::V2026_07_28, C::ElicitationForm, false),
            (r#"{"sampling":{}}"#, R::V2024_11_05, C::Sampling, true),
            (r#"{"sampling":{}}"#, R::V2025_11_25, C::SamplingTools, false),
            (r#"{"roots":{"listChanged":true}}"#, R::V2024_11_05, C::Roots, true),
            ("{}", R::V2026_07_28, C::Roots, false),
            ("[]", R::V2026_07_28, C::Roots, false),
        ];
        for (declared, revision, capability, want) in cases {
            assert_eq!(
                capability.is_declared(declared, revision),
                want,
                "{declared} {revision} {capability:?}"
            );
        }
    }
}
