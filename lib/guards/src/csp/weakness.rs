//! Where a policy lets injected code through: the checks of Google's csp_evaluator
//! (<https://github.com/google/csp-evaluator>) that concern a policy as it can be stated
//! here.

use std::fmt;

use super::{Directive, Policy, Source};

/// How bad a weakness is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It makes something possible that the policy is there to prevent.
    Medium,
    /// Injected scripts run.
    High,
}

/// Something that a policy should not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weakness {
    /// Nothing limits scripts.
    ScriptsUnlimited,
    /// Scripts in the page itself run, injected ones too.
    InlineScripts,
    /// Scripts of whole schemes or of every host run.
    ScriptsFromAnywhere(Source),
    /// A host serves what runs any script: answers with a callback, or old frameworks.
    ScriptsFromGadgets(Source),
    /// Text may become code.
    Eval,
    /// `'strict-dynamic'` with nothing that it could begin with.
    NothingTrusted,
    /// Nothing limits plug-ins.
    PluginsUnlimited,
    /// Plug-ins of whole schemes or of every host run.
    PluginsFromAnywhere(Source),
    /// An injected `<base>` sends the page's own scripts elsewhere.
    BaseUnlimited,
    /// An asset comes without encryption.
    Unencrypted(Directive, Source),
}

impl Weakness {
    /// Its name, the same in every language.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ScriptsUnlimited => "scripts-unlimited",
            Self::InlineScripts => "inline-scripts",
            Self::ScriptsFromAnywhere(_) => "scripts-from-anywhere",
            Self::ScriptsFromGadgets(_) => "scripts-from-gadgets",
            Self::Eval => "eval",
            Self::NothingTrusted => "nothing-trusted",
            Self::PluginsUnlimited => "plugins-unlimited",
            Self::PluginsFromAnywhere(_) => "plugins-from-anywhere",
            Self::BaseUnlimited => "base-unlimited",
            Self::Unencrypted(..) => "unencrypted",
        }
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::ScriptsUnlimited
            | Self::InlineScripts
            | Self::ScriptsFromAnywhere(_)
            | Self::ScriptsFromGadgets(_)
            | Self::PluginsUnlimited
            | Self::PluginsFromAnywhere(_)
            | Self::BaseUnlimited => Severity::High,
            Self::Eval | Self::NothingTrusted | Self::Unencrypted(..) => Severity::Medium,
        }
    }

    /// Where it is stated, or would have to be.
    pub const fn directive(&self) -> Directive {
        match self {
            Self::ScriptsUnlimited
            | Self::InlineScripts
            | Self::ScriptsFromAnywhere(_)
            | Self::ScriptsFromGadgets(_)
            | Self::Eval
            | Self::NothingTrusted => Directive::ScriptSrc,
            Self::PluginsUnlimited | Self::PluginsFromAnywhere(_) => Directive::ObjectSrc,
            Self::BaseUnlimited => Directive::BaseUri,
            Self::Unencrypted(directive, _) => *directive,
        }
    }

    /// The source that is to blame, where it is one.
    pub const fn source(&self) -> Option<&Source> {
        match self {
            Self::ScriptsFromAnywhere(source)
            | Self::ScriptsFromGadgets(source)
            | Self::PluginsFromAnywhere(source)
            | Self::Unencrypted(_, source) => Some(source),
            _ => None,
        }
    }
}

/// Hosts from which any script can be had: answers wrapped in a callback of the asker's
/// choice, or libraries that run what stands in the page. A few of those on csp_evaluator's
/// list that are met most; a host below one of them counts, too.
const GADGETS: [&str; 14] = [
    "ajax.googleapis.com",
    "accounts.google.com",
    "www.google.com",
    "www.googleapis.com",
    "www.gstatic.com",
    "translate.googleapis.com",
    "cdnjs.cloudflare.com",
    "cdn.jsdelivr.net",
    "unpkg.com",
    "code.angularjs.org",
    "yandex.st",
    "api.twitter.com",
    "graph.facebook.com",
    "cdn.shopify.com",
];

impl Policy {
    /// What injected code could use; `nonce` where each answer's policy has one of its own
    /// besides.
    pub fn weaknesses(&self, nonce: bool) -> Vec<Weakness> {
        let mut found = Vec::new();
        match self.effective(Directive::ScriptSrc) {
            None if nonce => self.judge_scripts(&[], nonce, &mut found),
            None => found.push(Weakness::ScriptsUnlimited),
            Some(scripts) => self.judge_scripts(scripts, nonce, &mut found),
        }
        match self.effective(Directive::ObjectSrc) {
            None => found.push(Weakness::PluginsUnlimited),
            Some(objects) => {
                let wide = objects.iter().filter(|source| is_anywhere(source));
                found.extend(wide.cloned().map(Weakness::PluginsFromAnywhere));
            }
        }
        for (directive, sources) in self.iter() {
            let plain = sources.iter().filter(|source| is_plain(source));
            found.extend(
                plain
                    .cloned()
                    .map(|source| Weakness::Unencrypted(directive, source)),
            );
        }
        found
    }

    /// Whether it stops scripts that somebody put into a page, and those of hosts that the
    /// page doesn't know.
    pub fn stops_injected_scripts(&self, nonce: bool) -> bool {
        let about_scripts = |found: &Weakness| {
            found.severity() == Severity::High && found.directive() != Directive::ObjectSrc
        };
        !self.weaknesses(nonce).iter().any(about_scripts)
    }

    fn judge_scripts(&self, scripts: &[Source], nonce: bool, found: &mut Vec<Weakness>) {
        let has = |sought: &Source| scripts.contains(sought);
        let hashed = scripts.iter().any(|it| matches!(it, Source::Hash(_)));
        let dynamic = has(&Source::StrictDynamic);
        // Each of them makes browsers pass over `'unsafe-inline'` (section 6.7.3.2).
        if has(&Source::UnsafeInline) && !(hashed || nonce || dynamic) {
            found.push(Weakness::InlineScripts);
        }
        // Browsers pass over hosts and schemes beside it (section 6.7.2.5).
        if !dynamic {
            for source in scripts {
                if is_anywhere(source) {
                    found.push(Weakness::ScriptsFromAnywhere(source.clone()));
                } else if is_gadget(source) {
                    found.push(Weakness::ScriptsFromGadgets(source.clone()));
                }
            }
        }
        if has(&Source::UnsafeEval) {
            found.push(Weakness::Eval);
        }
        if dynamic && !hashed && !nonce {
            found.push(Weakness::NothingTrusted);
        }
        let by_word = nonce || (hashed && dynamic);
        if by_word && self.stated(Directive::BaseUri).is_none() {
            found.push(Weakness::BaseUnlimited);
        }
    }
}

/// Whether it allows what an attacker can have: every host, or bytes in the address itself.
fn is_anywhere(source: &Source) -> bool {
    match source {
        Source::Scheme(scheme) => {
            matches!(&**scheme, "http" | "https" | "data" | "blob" | "filesystem")
        }
        Source::Host(host) => name_of(host) == "*",
        _ => false,
    }
}

fn is_gadget(source: &Source) -> bool {
    let Source::Host(host) = source else {
        return false;
    };
    let name = name_of(host);
    // `*.googleapis.com` holds `ajax.googleapis.com`.
    name.strip_prefix('*').map_or_else(
        || GADGETS.contains(&name),
        |below| GADGETS.iter().any(|gadget| gadget.ends_with(below)),
    )
}

fn is_plain(source: &Source) -> bool {
    match source {
        Source::Host(host) => host.starts_with("http://") || host.starts_with("ws://"),
        _ => false,
    }
}

/// The name in a host source.
fn name_of(host: &str) -> &str {
    let rest = host.split_once("://").map_or(host, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScriptsUnlimited => f.write_str("nothing limits scripts"),
            Self::InlineScripts => f.write_str(
                "`'unsafe-inline'` lets every script in the page run, injected ones too",
            ),
            Self::ScriptsFromAnywhere(source) => {
                write!(f, "`{source}` lets scripts of every host run")
            }
            Self::ScriptsFromGadgets(source) => write!(
                f,
                "`{source}` serves what runs any script, such as answers with a callback"
            ),
            Self::Eval => f.write_str("`'unsafe-eval'` lets text become code"),
            Self::NothingTrusted => f.write_str(
                "`'strict-dynamic'` without a nonce or hash allows no script to begin with",
            ),
            Self::PluginsUnlimited => f.write_str("nothing limits plug-ins"),
            Self::PluginsFromAnywhere(source) => {
                write!(f, "`{source}` lets plug-ins of every host run")
            }
            Self::BaseUnlimited => {
                f.write_str("an injected `<base>` sends the page's own scripts elsewhere")
            }
            Self::Unencrypted(directive, source) => {
                write!(f, "`{source}` in `{directive}` comes without encryption")
            }
        }
    }
}
