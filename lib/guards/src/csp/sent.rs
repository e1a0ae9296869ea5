//! What a site's answers carry, made once.

use super::{Directive, Policy, Source};

/// What becomes of a site's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It isn't sent.
    #[default]
    Off,
    /// Browsers only report what it would stop (`Content-Security-Policy-Report-Only`).
    ReportOnly,
    /// Browsers stop what it doesn't allow.
    Enforce,
}

impl Mode {
    /// As configurations name it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::ReportOnly => "report-only",
            Self::Enforce => "enforce",
        }
    }
}

/// The name under which `Reporting-Endpoints` says where reports go (Reporting API).
pub const ENDPOINT: &str = "waarborg-csp";

/// Where browsers send reports, below the path of own pages.
pub const REPORT_PATH: &str = "csp-report";

/// Bytes of chance in a nonce (CSP level 3, section 7.1 asks for 128 bits).
pub const NONCE_BYTES: usize = 16;

/// What the answers of a site's application carry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sent {
    /// Nothing beyond what every site has.
    #[default]
    Nothing,
    /// A policy that browsers only report on.
    ReportOnly(Value),
    /// A policy that browsers hold to.
    Enforced(Value),
}

/// The value of a header, with a place for a nonce where there is one. Visible ASCII and
/// spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    before: Box<str>,
    /// What follows the nonce; `None` where there is none, and `before` is all.
    after: Option<Box<str>>,
    endpoints: Box<str>,
}

impl Value {
    /// The value before the nonce, or all of it.
    pub fn before(&self) -> &str {
        &self.before
    }

    /// The value after the nonce; `None` where there is no place for one.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The value of `Reporting-Endpoints`.
    pub fn endpoints(&self) -> &str {
        &self.endpoints
    }
}

impl Sent {
    /// A policy as it is sent: its reports go to `report_path` of the same origin, and with
    /// `nonce` scripts that bear the answer's nonce run, too.
    pub fn new(mode: Mode, policy: &Policy, nonce: bool, report_path: &str) -> Self {
        let make = || {
            let reports = format!("; report-uri {report_path}; report-to {ENDPOINT}");
            let endpoints = format!("{ENDPOINT}=\"{report_path}\"").into();
            if !nonce {
                return Value {
                    before: format!("{policy}{reports}").into(),
                    after: None,
                    endpoints,
                };
            }
            let (before, after) = around_nonce(policy);
            Value {
                before: before.into(),
                after: Some(format!("{after}{reports}").into()),
                endpoints,
            }
        };
        match mode {
            Mode::Off => Self::Nothing,
            Mode::ReportOnly => Self::ReportOnly(make()),
            Mode::Enforce => Self::Enforced(make()),
        }
    }

    /// Whether each answer's policy has a nonce of its own.
    pub const fn has_nonce(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::ReportOnly(value) | Self::Enforced(value) => value.after.is_some(),
        }
    }
}

/// The policy in two parts, with a nonce for scripts between them.
fn around_nonce(policy: &Policy) -> (String, String) {
    let scripts = policy.effective(Directive::ScriptSrc).unwrap_or_default();
    let (mut before, mut after) = (String::new(), String::new());
    for directive in Directive::ALL {
        let stated = policy.stated(directive);
        let out = if directive <= Directive::ScriptSrc {
            &mut before
        } else {
            &mut after
        };
        let list = match directive {
            Directive::ScriptSrc => scripts,
            _ => match stated {
                Some(sources) => sources,
                None => continue,
            },
        };
        // The second part always follows something.
        if !(directive <= Directive::ScriptSrc && out.is_empty()) {
            out.push_str("; ");
        }
        out.push_str(directive.name());
        for source in list {
            // Beside a nonce it means nothing.
            if directive == Directive::ScriptSrc && *source == Source::None {
                continue;
            }
            out.push(' ');
            out.push_str(&source.to_string());
        }
        if directive == Directive::ScriptSrc {
            out.push_str(" 'nonce-");
            after.push('\'');
        }
    }
    (before, after)
}

/// Base64 (RFC 4648 section 4), with its filling: a hash in a policy is written so. The
/// product has another one, which a library for strangers can't call.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4_usize {
            if place > chunk.len() {
                out.push('=');
                continue;
            }
            let index = (word >> (18 - 6 * place)) & 63;
            let letter = usize::try_from(index).ok().and_then(|at| LETTERS.get(at));
            out.push(letter.copied().map_or('=', char::from));
        }
    }
    out
}
