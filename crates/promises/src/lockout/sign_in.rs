//! A browser that signs in on the portal, as far as the drill needs one: a form, its
//! token, its cookies.

use std::time::Duration;

use terms::Secret;
use visitor::http::{Protocol, Response};

use crate::approach::{Approach, silence};

/// Cookies by the names that the portal gives them.
const SESSION: &str = "__Host-Http-waarborg";
const START: &str = "__Host-Http-waarborg-start";
const DEVICE: &str = "__Host-Http-waarborg-device";

/// Hashing takes its time, and a queue before it more.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A session, and what the device is known by from now on.
    LetIn { device: Secret<String> },
    /// The form again.
    Refused { status: u16 },
}

impl Answer {
    pub(super) const fn is_let_in(&self) -> bool {
        matches!(self, Self::LetIn { .. })
    }

    /// For a transcript.
    pub(super) fn said(&self) -> String {
        match self {
            Self::LetIn { .. } => "let-in".to_owned(),
            Self::Refused { status } => format!("refused-{status}"),
        }
    }
}

/// Signs in from a browser that has nothing but, perhaps, what a device is known by.
///
/// # Errors
/// Why there is no answer to judge: kebab-case.
pub(super) async fn sign_in(
    approach: &Approach<'_>,
    host: &str,
    name: &str,
    password: &Secret<String>,
    device: Option<&Secret<String>>,
) -> Result<Answer, &'static str> {
    let reading = approach.reading();
    let path = format!("{}login", reading.prefix);
    let url = approach.url(host, &path).map_err(|_| "unusable-name")?;
    let mut request = approach.get(url, Protocol::Http1);
    request.limits.total = PATIENCE;
    let fetched = approach.visitor.fetch(&request).await;
    let shown = fetched.map_err(|error| silence(&error))?;
    if shown.status.as_u16() != 200 {
        return Err("no-form");
    }
    let start = cookie(&shown, START).ok_or("no-start-cookie")?;
    let page = String::from_utf8_lossy(&shown.body);
    let token = token(&page).ok_or("no-token")?;

    let port = match reading.public_port {
        443 => String::new(),
        port => format!(":{port}"),
    };
    let mut cookies = format!("{START}={start}");
    if let Some(device) = device {
        cookies.push_str(&format!("; {DEVICE}={}", device.expose()));
    }
    let fields = [
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
        ("origin", format!("https://{host}{port}")),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("cookie", cookies),
    ];
    for (field, value) in fields {
        let value = value.parse().map_err(|_| "unusable-cookie")?;
        request.headers.insert(field, value);
    }
    request.method = "POST".parse().map_err(|_| "unusable-method")?;
    // Names and passwords here are letters, digits and `-`.
    let form = format!("token={token}&name={name}&password={}", password.expose());
    request.body = form.into();
    let fetched = approach.visitor.fetch(&request).await;
    let answer = fetched.map_err(|error| silence(&error))?;
    match (answer.status.as_u16(), cookie(&answer, SESSION)) {
        (200 | 303, Some(_)) => {
            let device = cookie(&answer, DEVICE).ok_or("no-device-cookie")?;
            Ok(Answer::LetIn {
                device: Secret::new(device),
            })
        }
        (503, _) => Err("too-busy"),
        (status @ 400..500, None) => Ok(Answer::Refused { status }),
        _ => Err("neither-let-in-nor-refused"),
    }
}

/// The value that a cookie is set to.
fn cookie(answer: &Response, name: &str) -> Option<String> {
    let set = answer.headers.get_all("set-cookie").iter();
    let mut values = set.filter_map(|field| {
        let pair = field.to_str().ok()?.split(';').next()?;
        let (found, value) = pair.split_once('=')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    });
    values.next()
}

/// The token of the form.
fn token(page: &str) -> Option<&str> {
    let field = page.split("name=\"token\"").nth(1)?.split('>').next()?;
    let value = field.split("value=\"").nth(1)?.split('"').next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (!value.is_empty() && value.bytes().all(plain)).then_some(value)
}
