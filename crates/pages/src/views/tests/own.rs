//! Portal and console: every page in every state and language.

use terms::Secret;

use super::*;
use crate::{AccountMail, Nonce, Notice, Strength};

/// What the pages of the example take their names from.
mod api {
    pub(crate) use crate::*;
}
#[path = "../../../examples/render/own.rs"]
mod samples;

use samples::Fill;

fn own(fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let pages = pages();
    let mut all = samples::portal(&pages, fill, language);
    all.extend(samples::console(&pages, fill, language));
    all
}

/// All of them, the one with a script among them.
fn all_own(fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let mut all = own(fill, language);
    all.push(("handover", samples::handover(&pages(), fill, language)));
    all
}

const SCRIPT: &str = include_str!("../../../static/passkey.js");

fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

#[test]
fn every_foreign_value_is_escaped_in_portal_and_console() {
    for language in Language::ALL {
        let evil = all_own(Fill(Some(EVIL)), language);
        let good = all_own(Fill(Some("word")), language);
        for ((name, Page { html, csp }), (_, twin)) in evil.iter().zip(good) {
            // Ours is the same in both, and the last thing in the page.
            let foreign = html.replace(&format!("<script>{SCRIPT}"), "");
            assert!(
                !foreign.contains("<script>") && !foreign.contains("<!--"),
                "{name}"
            );
            for sign in ['<', '>', '"', '\''] {
                let count = |html: &str| html.matches(sign).count();
                assert_eq!(count(html), count(&twin.html), "{name}: {sign}");
            }
            assert_eq!(*csp, twin.csp, "{name}");
        }
    }
}

#[test]
fn every_page_of_portal_and_console_is_whole() {
    for language in Language::ALL {
        for (name, Page { html, .. }) in all_own(Fill(None), language) {
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));
            assert!(html.contains("content=\"noindex\""), "{name}");
            for once in ["<h1>", "<main>", "<title>", "<footer", "<header"] {
                assert_eq!(html.matches(once).count(), 1, "{once} in {name}");
            }
            for tag in tags(&html) {
                assert!(
                    !tag.contains(" style=") && !tag.contains(" on"),
                    "{name}: {tag}"
                );
            }
            assert!(html.len() < 40_000, "{name}: {} bytes", html.len());
        }
    }
}

#[test]
fn every_input_has_a_label_and_every_tie_leads_somewhere() {
    for (name, Page { html, .. }) in all_own(Fill(None), Language::Nl) {
        let mut ids: Vec<&str> = tags(&html).filter_map(|tag| attribute(tag, "id")).collect();
        ids.sort_unstable();
        let whole = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), whole, "{name}: an id stands there twice");
        for tag in tags(&html) {
            let input = tag.starts_with("input ") || tag.starts_with("select ");
            if input && attribute(tag, "type") != Some("hidden") {
                let id = attribute(tag, "id").unwrap_or_default();
                let label = format!("<label for=\"{id}\">");
                assert_eq!(html.matches(&label).count(), 1, "{name}: {tag}");
            }
            for tied in attribute(tag, "aria-describedby")
                .unwrap_or_default()
                .split(' ')
            {
                assert!(tied.is_empty() || ids.contains(&tied), "{name}: {tag}");
            }
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (name, Page { html, csp }) in own(Fill(None), Language::En) {
        let forms: Vec<&str> = html
            .split("<form ")
            .skip(1)
            .filter_map(|rest| rest.split("</form>").next())
            .collect();
        for form in &forms {
            let posts = form.contains("method=\"post\"");
            assert_eq!(
                posts,
                form.contains("name=\"token\" value=\"4f1c9a7be0d2\""),
                "{name}: {form}"
            );
            assert!(form.contains(" action=\"/-/"), "{name}: {form}");
        }
        let allowed = if forms.is_empty() { "'none'" } else { "'self'" };
        assert!(
            csp.contains(&format!("form-action {allowed};")),
            "{name}: {csp}"
        );
        let asks = html.contains(" data-passkey=");
        assert_eq!(csp.contains("; script-src 'sha256-"), asks, "{name}");
        assert_eq!(html.matches("<script").count(), usize::from(asks), "{name}");
    }
}

#[test]
fn pages_that_ask_for_a_passkey_carry_one_script_whatever_is_asked_for() {
    let mut asking = Vec::new();
    for fill in [
        Fill(None),
        Fill(Some("\"></form><script>alert(1)</script>")),
    ] {
        for (name, Page { html, .. }) in own(fill, Language::En) {
            let Some((form, rest)) = html.split_once("<script>") else {
                continue;
            };
            assert_eq!(
                rest,
                format!("{SCRIPT}</script>\n</body>\n</html>"),
                "{name}"
            );
            assert!(form.contains("<noscript>"), "{name}");
            for field in ["sealed", "answer"] {
                let field = format!("<input type=\"hidden\" name=\"{field}\"");
                assert_eq!(form.matches(&field).count(), 1, "{name}");
            }
            asking.push(name);
        }
    }
    for name in ["sign-in", "code-passkey", "confirm-passkey", "passkey-add"] {
        assert!(asking.contains(&name), "{name}");
    }
    for name in ["sign-in-plain", "code", "confirm-code", "security"] {
        assert!(!asking.contains(&name), "{name}");
    }
}

#[test]
fn password_managers_find_what_they_look_for() {
    let all = own(Fill(None), Language::En);
    let tokens = |wanted: &str| -> Vec<String> {
        let (_, page) = all.iter().find(|(name, _)| *name == wanted).unwrap();
        tags(&page.html)
            .filter_map(|tag| attribute(tag, "autocomplete"))
            .filter(|token| *token != "off")
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(tokens("sign-in"), ["username", "current-password"]);
    assert_eq!(
        tokens("security"),
        ["username", "current-password", "new-password"]
    );
    assert_eq!(tokens("user-add"), ["new-password"]);
    assert_eq!(tokens("code"), ["one-time-code"]);
    assert_eq!(tokens("reset"), ["username"]);
    assert_eq!(tokens("reset-choose"), ["username", "new-password"]);
    assert_eq!(tokens("confirm-password"), ["username", "current-password"]);
}

#[test]
fn no_password_comes_back() {
    for (name, Page { html, .. }) in all_own(Fill(Some("word")), Language::En) {
        for tag in tags(&html).filter(|tag| attribute(tag, "type") == Some("password")) {
            assert!(attribute(tag, "value").is_none(), "{name}: {tag}");
        }
    }
}

#[test]
fn a_wrong_name_a_wrong_password_and_a_lock_are_one_sentence() {
    let pages = pages();
    for language in Language::ALL {
        let all = samples::portal(&pages, Fill(None), language);
        let page = |wanted: &str| &all.iter().find(|(name, _)| *name == wanted).unwrap().1.html;
        let alert = page("sign-in-wrong")
            .split_once("role=\"alert\"")
            .unwrap()
            .1;
        let alert = alert.split_once("</div>").unwrap().0;
        let said = pages.texts().speech(language).text("sign-in-wrong");
        assert!(alert.contains(&said), "{alert}");
        assert!(!page("sign-in").contains("role=\"alert\""));
        assert_eq!(page("sign-in-wrong").matches("aria-invalid=").count(), 2);
        assert_eq!(page("sign-in-busy").matches("aria-invalid=").count(), 0);
    }
}

#[test]
fn another_language_keeps_the_request_of_a_site() {
    let all = own(Fill(None), Language::En);
    let (_, page) = all.iter().find(|(name, _)| *name == "sign-in").unwrap();
    assert!(
        page.html
            .contains("href=\"?request=Zm9vYmFy-_%3D&#38;lang=nl\""),
        "{}",
        page.html
    );
}

#[test]
fn the_hand_over_may_run_its_script_and_send_to_one_site_only() {
    let Page { html, csp } = samples::handover(&pages(), Fill(None), Language::En);
    assert!(csp.starts_with("default-src 'none'; script-src 'nonce-AAECAwQFBgcICQoLDA0ODw==';"));
    assert!(csp.contains(
        "; form-action https://app.example.com:8443; frame-ancestors 'none'; base-uri 'none'"
    ));
    assert_eq!(html.matches("<script").count(), 1);
    assert!(html.contains(
        "<script nonce=\"AAECAwQFBgcICQoLDA0ODw==\">document.forms[0].submit()</script>"
    ));
    assert!(html.contains("action=\"https://app.example.com:8443/-/callback\""));
    assert!(html.contains("<input type=\"hidden\" name=\"code\" value=\"Y29kZQ\">"));
    assert!(html.contains("<button"), "works without the script");
}

#[test]
fn arriving_leads_on_by_itself_and_by_a_link() {
    let to = OwnPath::encoding("/inbox?a=1&b='><x>").unwrap();
    let Page { html, csp } = pages().arrived(&to, Language::En);
    assert!(html.contains(
        "<meta http-equiv=\"refresh\" content=\"0;url=/inbox?a=1&#38;b=%27%3E%3Cx%3E\">"
    ));
    assert!(html.contains("<a href=\"/inbox?a=1&#38;b=%27%3E%3Cx%3E\">"));
    assert!(csp.contains("form-action 'none'"));
}

#[test]
fn a_refusal_for_want_of_a_session_leads_to_sign_in() {
    let page = |kind| pages().refusal(kind, Language::En).before;
    assert!(page(RefusalKind::Unauthorized).contains("href=\"/-/login\""));
    assert!(!page(RefusalKind::Forbidden).contains("href=\"/-/login\""));
}

#[test]
fn every_room_marks_itself_in_the_navigation() {
    for (name, Page { html, .. }) in samples::console(&pages(), Fill(None), Language::Fr) {
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1, "{name}");
        assert!(
            html.contains("Connecté en tant que ada@example.com"),
            "{name}"
        );
    }
}

#[test]
fn notices_and_strengths_are_said_differently() {
    let pages = pages();
    for language in Language::ALL {
        let say = pages.texts().speech(language);
        let mut said: Vec<String> = Notice::ALL.map(|notice| notice.said(say)).into();
        said.extend(Strength::ALL.map(|strength| strength.said(say)));
        let whole = said.len();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), whole);
    }
}

#[test]
fn no_secret_shows_in_debug() {
    let view = crate::SignInView {
        token: Secret::new("hidden".to_owned()),
        request: None,
        toward: None,
        name: String::new(),
        resets: false,
        registers: false,
        passkey: None,
        problem: None,
    };
    assert!(!format!("{view:?}").contains("hidden"));
    assert!(Nonce::new("short").is_none());
}

fn mails(text: &str) -> [AccountMail; 22] {
    let place = || text.to_owned();
    let security = || "https://id.example.com/-/account/security".to_owned();
    [
        AccountMail::Reset {
            place: place(),
            choose: Secret::new("https://id.example.com/-/reset/choose?secret=x".to_owned()),
        },
        AccountMail::Invited {
            choose: Secret::new("https://id.example.com/-/reset/choose?secret=x".to_owned()),
        },
        AccountMail::FactorAdded {
            name: text.to_owned(),
            place: place(),
            security: security(),
        },
        AccountMail::FactorRemoved {
            name: text.to_owned(),
            place: place(),
            security: security(),
        },
        AccountMail::PasskeyAdded {
            name: text.to_owned(),
            place: place(),
            security: security(),
        },
        AccountMail::PasskeyRemoved {
            name: text.to_owned(),
            place: place(),
            security: security(),
        },
        AccountMail::PasskeyCopied {
            name: text.to_owned(),
            place: place(),
            security: security(),
        },
        AccountMail::RecoveryUsed {
            place: place(),
            left: 3,
            security: security(),
        },
        AccountMail::RecoveryRenewed {
            place: place(),
            security: security(),
        },
        AccountMail::CodesWrong {
            place: place(),
            security: security(),
        },
        AccountMail::Locked {
            place: place(),
            unlock: Secret::new("https://id.example.com/-/unlock?secret=x".to_owned()),
        },
        AccountMail::PasswordChanged {
            place: place(),
            security: "https://id.example.com/-/account/security".to_owned(),
        },
        AccountMail::AppPasswordMade {
            name: text.to_owned(),
            place: place(),
            security: "https://id.example.com/-/account/security".to_owned(),
        },
        AccountMail::AddressChanging {
            new: Secret::new(text.to_owned()),
            place: place(),
            security: security(),
        },
        AccountMail::AddressConfirm {
            place: place(),
            confirm: Secret::new("https://id.example.com/-/address?secret=x".to_owned()),
        },
        AccountMail::AddressTaken { place: place() },
        AccountMail::AddressChanged {
            place: place(),
            security: security(),
        },
        AccountMail::LostFactorBegun {
            opens: Micros(1_795_529_112_345_678),
            stop: Secret::new("https://id.example.com/-/lost-factor/stop?secret=x".to_owned()),
        },
        AccountMail::LostFactorOpen {
            until: Micros(1_795_788_312_345_678),
            enter: Secret::new("https://id.example.com/-/lost-factor?secret=x".to_owned()),
        },
        AccountMail::LostFactorStopped,
        AccountMail::Register {
            place: place(),
            confirm: Secret::new("https://id.example.com/-/register/choose?secret=x".to_owned()),
        },
        AccountMail::RegisteredBefore { place: place() },
    ]
}

#[test]
fn mails_read_like_this() {
    let pages = pages();
    let mut all = String::new();
    for language in Language::ALL {
        for mail in mails("203.0.113.0/24") {
            let at = Micros(1_795_442_712_345_678);
            let text = pages.account_mail(&mail, "ada", "id.example.com", at, language);
            all.push_str(&format!(
                "Subject: {}\n\n{}\n",
                text.subject,
                text.body.expose()
            ));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_foreign_value_adds_no_line_to_a_mail() {
    let pages = pages();
    let lines = |text: &str| {
        mails(text).map(|mail| {
            let mail = pages.account_mail(&mail, text, text, Micros(0), Language::En);
            assert!(!mail.subject.contains('\n'));
            mail.body.expose().lines().count()
        })
    };
    assert_eq!(lines("a\r\nPay here:\u{2028}\n"), lines("word"));
}

/// The content of pages, one below the other.
fn mains(pages: &[(&'static str, Page)]) -> String {
    pages
        .iter()
        .map(|(name, page)| {
            let main = page
                .html
                .split_once("<main>")
                .and_then(|(_, rest)| rest.split_once("</main>"))
                .map_or("", |(main, _)| main);
            format!("== {name}\n{}\n", main.trim())
        })
        .collect()
}

#[test]
fn the_portal_reads_like_this() {
    for language in Language::ALL {
        let mut all = samples::portal(&pages(), Fill(None), language);
        all.push((
            "handover",
            samples::handover(&pages(), Fill(None), language),
        ));
        insta::assert_snapshot!(format!("portal-{}", language.tag()), mains(&all));
    }
}

#[test]
fn the_console_reads_like_this() {
    for language in Language::ALL {
        let all = samples::console(&pages(), Fill(None), language);
        insta::assert_snapshot!(format!("console-{}", language.tag()), mains(&all));
    }
}
