//! A browser as far as sign-in needs one: cookies per host, redirects, forms. It sends
//! `Origin` and `Sec-Fetch-*` as browsers do, and runs no script.

use std::{collections::BTreeMap, net::SocketAddr};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use visitor::http::Response;

use crate::gateway::{Gateway, text};

/// One person's browser.
#[derive(Debug, Default, Clone)]
pub struct Browser {
    /// Cookies by host and name.
    pub jar: BTreeMap<String, BTreeMap<String, String>>,
    /// Hosts that somebody in front of the gateway answers for.
    pub at: BTreeMap<String, SocketAddr>,
}

/// A page that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The host it is on.
    pub host: String,
    /// Its path and query.
    pub path: String,
    /// The answer.
    pub response: Response,
}

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it goes: a path of the same host, or a whole address.
    pub action: String,
    /// Its fields as they stand there.
    pub fields: BTreeMap<String, String>,
}

impl Opened {
    /// The status.
    pub fn status(&self) -> u16 {
        self.response.status.as_u16()
    }

    /// The page's text.
    pub fn text(&self) -> &str {
        text(&self.response.body)
    }

    /// The form whose action ends so.
    ///
    /// # Panics
    /// Where the page has none.
    pub fn form(&self, action: &str) -> Form {
        let forms = self.text().split("<form").skip(1);
        for form in forms {
            let form = form.split("</form>").next().unwrap_or(form);
            let head = form.split('>').next().unwrap_or(form);
            let to = attribute(head, "action").unwrap_or_default();
            if to.ends_with(action) {
                let inputs = form.split("<input").skip(1);
                let field = |input: &str| {
                    let input = input.split('>').next().unwrap_or(input);
                    let name = attribute(input, "name")?;
                    Some((name, attribute(input, "value").unwrap_or_default()))
                };
                return Form {
                    action: to,
                    fields: inputs.filter_map(field).collect(),
                };
            }
        }
        panic!(
            "no form to {action} at {}{}: {}",
            self.host,
            self.path,
            self.text()
        )
    }
}

impl Form {
    /// The same with a field filled in.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.to_owned());
        self
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#x2f;", "/"),
    )
}

/// `application/x-www-form-urlencoded`.
pub fn encoded(fields: &BTreeMap<String, String>) -> String {
    let one = |text: &str| {
        let mut out = String::new();
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", one(name), one(value)));
    pairs.collect::<Vec<_>>().join("&")
}

impl Browser {
    /// What it sends to `host` as `Cookie`.
    pub fn cookies(&self, host: &str) -> String {
        let jar = self.jar.get(host).into_iter().flatten();
        let pairs = jar.map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn at(&self, gateway: &Gateway, host: &str) -> SocketAddr {
        self.at.get(host).copied().unwrap_or(gateway.address)
    }

    /// One request without following anything. `origin` is the page it comes from.
    pub async fn send(
        &mut self,
        gateway: &Gateway,
        method: Method,
        (host, path): (&str, &str),
        body: Option<&str>,
        origin: Option<&str>,
    ) -> Opened {
        let at = self.at(gateway, host);
        let mut request = gateway.request_at(at, method, host, path);
        let mut set = |name: header::HeaderName, value: &str| {
            let value = HeaderValue::try_from(value).expect("a header's value");
            request.headers.insert(name, value);
        };
        set(header::ACCEPT, "text/html,*/*;q=0.8");
        set(
            header::HeaderName::from_static("sec-fetch-mode"),
            "navigate",
        );
        let cookies = self.cookies(host);
        if !cookies.is_empty() {
            set(header::COOKIE, &cookies);
        }
        if let Some(origin) = origin {
            set(header::ORIGIN, origin);
        }
        if body.is_some() {
            set(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body = Bytes::from(body.unwrap_or_default().to_owned());
        let response = gateway.fetch(&request).await;
        for cookie in response.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie is text");
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("name and value");
            let jar = self.jar.entry(host.to_owned()).or_default();
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Opened {
            host: host.to_owned(),
            path: path.to_owned(),
            response,
        }
    }

    /// Opens a page, and follows where it leads.
    ///
    /// # Panics
    /// After ten redirects.
    pub async fn open(&mut self, gateway: &Gateway, host: &str, path: &str) -> Opened {
        let page = self
            .send(gateway, Method::GET, (host, path), None, None)
            .await;
        self.follow(gateway, page).await
    }

    async fn follow(&mut self, gateway: &Gateway, mut page: Opened) -> Opened {
        for _ in 0..10 {
            if page.status() != 303 {
                return page;
            }
            let location = page.response.headers.get(header::LOCATION);
            let location = location
                .and_then(|it| it.to_str().ok())
                .expect("a location");
            let (host, path) = place(location, &page.host);
            page = self
                .send(gateway, Method::GET, (&host, &path), None, None)
                .await;
        }
        panic!("it leads in circles: {}{}", page.host, page.path)
    }

    /// Sends a form of a page, from that page's origin, and follows where it leads.
    pub async fn submit(&mut self, gateway: &Gateway, from: &Opened, form: &Form) -> Opened {
        let (host, path) = place(&form.action, &from.host);
        let port = self.at(gateway, &from.host).port();
        let origin = format!("https://{}:{port}", from.host);
        let body = encoded(&form.fields);
        let to = (host.as_str(), path.as_str());
        let page = self
            .send(gateway, Method::POST, to, Some(&body), Some(&origin))
            .await;
        self.follow(gateway, page).await
    }

    /// Signs in from a page of a site that asks for it, and arrives there.
    ///
    /// # Panics
    /// Where the flow stops before.
    pub async fn sign_in(
        &mut self,
        gateway: &Gateway,
        (host, path): (&str, &str),
        name: &str,
        password: &str,
    ) -> Opened {
        let form_page = self.open(gateway, host, path).await;
        let form = form_page
            .form("login")
            .with("name", name)
            .with("password", password);
        let handover = self.submit(gateway, &form_page, &form).await;
        let arrived = self
            .submit(gateway, &handover, &handover.form("callback"))
            .await;
        assert_eq!(arrived.status(), 200, "{}", arrived.text());
        let to = arrived
            .text()
            .split("url=")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let to = to.expect("a page that leads on").to_owned();
        self.open(gateway, host, &to).await
    }
}

/// Host and path of an address, or of a path on `host`.
fn place(address: &str, host: &str) -> (String, String) {
    match address.strip_prefix("https://") {
        None => (host.to_owned(), address.to_owned()),
        Some(rest) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.split(':').next().unwrap_or(authority);
            (host.to_owned(), format!("/{path}"))
        }
    }
}
