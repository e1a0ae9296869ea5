//! A browser on the portal, as far as drills need one: cookies, forms, their tokens.

use std::{collections::BTreeMap, time::Duration};

use terms::Secret;
use visitor::http::{Protocol, Request, Response};

use crate::approach::{self, Approach, silence};

/// Cookies by the names that the portal gives them.
const SESSION: &str = "__Host-Http-waarborg";
const DEVICE: &str = "__Host-Http-waarborg-device";

/// Hashing takes its time, and a queue before it more.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A session, and what the device is known by from now on.
    LetIn { device: Secret<String> },
    /// A form for a code.
    CodeOwed { form: Form },
    /// The form again.
    Refused { status: u16 },
}

impl Answer {
    pub(crate) const fn is_let_in(&self) -> bool {
        matches!(self, Self::LetIn { .. })
    }

    /// For a transcript.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::LetIn { .. } => "let-in".to_owned(),
            Self::CodeOwed { .. } => "code-owed".to_owned(),
            Self::Refused { status } => format!("refused-{status}"),
        }
    }
}

/// The hidden fields of a form, encoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// One of whoever has seen none.
    pub(crate) fn guessed() -> Self {
        Self(vec![("token".to_owned(), "guessed".to_owned())])
    }

    /// Those of the form that goes to `path`.
    pub(crate) fn of(page: &str, path: &str) -> Option<Self> {
        let form = Self::of_action(page, path)?;
        let has_token = form.0.iter().any(|(name, _)| name == "token");
        has_token.then_some(form)
    }

    /// The fields of a body, with what is filled in: letters, digits and `-`, or encoded.
    pub(crate) fn encoded(&self, filled: &[(&str, &str)]) -> String {
        let hidden = self.0.iter();
        let hidden = hidden.map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = hidden.chain(filled.iter().copied());
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    /// Those of a form that may have no token: one to another origin.
    fn of_action(page: &str, path: &str) -> Option<Self> {
        let action = format!(" action=\"{path}\"");
        let mut forms = page.split("<form").skip(1);
        let form = forms.find(|form| {
            form.split('>')
                .next()
                .is_some_and(|head| head.contains(&action))
        })?;
        let form = form.split("</form>").next()?;
        let hidden = form.split("<input type=\"hidden\"").skip(1);
        let fields = hidden.filter_map(|field| {
            let field = field.split('>').next()?;
            Some((attribute(field, "name")?, attribute(field, "value")?))
        });
        Some(Self(fields.collect()))
    }
}

/// A form of an own page, as whoever fills in everything sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    /// Where it goes, below the prefix.
    pub(crate) below: String,
    /// Whether it is sent as a body, rather than as a query.
    pub(crate) posts: bool,
    /// What it brings along.
    pub(crate) hidden: Form,
    /// What is to be filled in.
    pub(crate) names: Vec<String>,
}

impl Fields {
    /// Every form of a page that goes to an own page.
    pub(crate) fn all(page: &str, prefix: &str) -> Vec<Self> {
        let forms = page.split("<form").skip(1);
        forms
            .filter_map(|form| {
                let form = form.split("</form>").next()?;
                let head = form.split('>').next()?;
                let action = raw_attribute(head, "action")?;
                let mut fields = Self {
                    below: action.strip_prefix(prefix)?.to_owned(),
                    posts: raw_attribute(head, "method") == Some("post"),
                    hidden: Form::default(),
                    names: Vec::new(),
                };
                for kind in ["<input", "<textarea", "<select"] {
                    for tag in form.split(kind).skip(1) {
                        let tag = tag.split('>').next().unwrap_or_default();
                        let Some(name) = attribute(tag, "name") else {
                            continue;
                        };
                        if tag.contains(" type=\"hidden\"") {
                            let value = attribute(tag, "value");
                            fields.hidden.0.extend(value.map(|value| (name, value)));
                        } else {
                            fields.names.push(name);
                        }
                    }
                }
                fields.names.dedup();
                Some(fields)
            })
            .collect()
    }
}

/// An attribute's value as it stands.
fn raw_attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let behind = tag.split(&format!(" {name}=\"")).nth(1)?;
    behind.split('"').next()
}

/// An attribute's value, where it can go into a body as it is.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag
        .split(&format!(" {name}=\""))
        .nth(1)?
        .split('"')
        .next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (!value.is_empty() && value.bytes().all(plain)).then(|| value.to_owned())
}

/// What a page of the application sends.
pub(crate) struct Acting<'a> {
    pub(crate) method: &'a str,
    pub(crate) protocol: Protocol,
    /// The type of its body.
    pub(crate) kind: &'static str,
    /// A further field of its head.
    pub(crate) header: Option<(&'static str, &'a str)>,
    pub(crate) body: String,
}

/// One browser.
pub(crate) struct Browser<'a> {
    approach: &'a Approach<'a>,
    host: &'a str,
    cookies: BTreeMap<String, Secret<String>>,
}

impl<'a> Browser<'a> {
    /// One that has nothing but, perhaps, what a device is known by.
    pub(crate) fn new(
        approach: &'a Approach<'a>,
        host: &'a str,
        device: Option<&Secret<String>>,
    ) -> Self {
        let device = device.map(|secret| (DEVICE.to_owned(), secret.clone()));
        Self {
            approach,
            host,
            cookies: device.into_iter().collect(),
        }
    }

    /// The path of an own page.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("{}{below}", self.approach.reading().prefix)
    }

    /// Opens an own page.
    ///
    /// # Errors
    /// Why there is no answer to judge: kebab-case.
    pub(crate) async fn open(&mut self, below: &str) -> Result<Response, &'static str> {
        self.send(below, None).await
    }

    /// Sends a form of an own page, with what is filled in.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn submit(
        &mut self,
        below: &str,
        form: &Form,
        filled: &[(&str, &str)],
    ) -> Result<Response, &'static str> {
        self.send(below, Some(form.encoded(filled))).await
    }

    /// Opens a page of the application, as people do.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn visit(&mut self, path: &str) -> Result<Response, &'static str> {
        self.ask(path, None).await
    }

    /// Comes to a page of the application by way of somebody's session on the portal;
    /// `false` where they aren't let through.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn arrive(
        &mut self,
        portal: &mut Browser<'_>,
        path: &str,
    ) -> Result<bool, &'static str> {
        let path = path.replace('/', "%2F");
        let sent = self.open(&format!("login?return={path}")).await?;
        let to = sent.headers.get("location");
        let to = to
            .and_then(|it| it.to_str().ok())
            .ok_or("no-way-to-the-portal")?;
        let (_, request) = to.split_once("?request=").ok_or("no-way-to-the-portal")?;
        let shown = portal.open(&format!("login?request={request}")).await?;
        let page = String::from_utf8_lossy(&shown.body);
        let origin = self.origin(self.host);
        let callback = format!("{origin}{}", self.path("callback"));
        let Some(form) = Form::of_action(&page, &callback) else {
            return Ok(false);
        };
        let body = form.encoded(&[]);
        let from = self.origin(portal.host);
        let answer = self.ask(&self.path("callback"), Some((body, from))).await?;
        Ok(answer.status.as_u16() == 200)
    }

    /// The origin of a host here.
    fn origin(&self, host: &str) -> String {
        approach::origin(host, self.approach.reading().public_port)
    }

    async fn send(&mut self, below: &str, body: Option<String>) -> Result<Response, &'static str> {
        let body = body.map(|body| (body, self.origin(self.host)));
        self.ask(&self.path(below), body).await
    }

    /// Asks for a path; with a form and the origin of the page it is on.
    async fn ask(
        &mut self,
        path: &str,
        form: Option<(String, String)>,
    ) -> Result<Response, &'static str> {
        let mut request = self.request(path, Protocol::Http1)?;
        let mut fields = Vec::new();
        if form.is_none() && !path.starts_with(&self.approach.reading().prefix) {
            // A refusal then says so in words for programs.
            fields.push(("accept", "application/json".to_owned()));
        }
        if let Some((body, origin)) = form {
            let same = origin == self.origin(self.host);
            let site = if same { "same-origin" } else { "cross-site" };
            fields.extend([
                (
                    "content-type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
                ("origin", origin),
                ("sec-fetch-site", site.to_owned()),
            ]);
            request.method = "POST".parse().map_err(|_| "unusable-method")?;
            request.body = body.into();
        }
        self.fetch(request, fields).await
    }

    /// Opens a page of the application by its address.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn navigate(&mut self, path: &str) -> Result<Response, &'static str> {
        let request = self.request(path, Protocol::Http1)?;
        let fields = [
            ("accept", "text/html"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "none"),
        ];
        let fields = fields.map(|(name, value)| (name, value.to_owned()));
        self.fetch(request, fields.into()).await
    }

    /// Sends what a page of the application does; a refusal says so in words for programs.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn act(
        &mut self,
        path: &str,
        acting: Acting<'_>,
    ) -> Result<Response, &'static str> {
        let mut request = self.request(path, acting.protocol)?;
        request.method = acting.method.parse().map_err(|_| "unusable-method")?;
        request.body = acting.body.into();
        let mut fields = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", acting.kind.to_owned()),
            ("origin", self.origin(self.host)),
            ("sec-fetch-site", "same-origin".to_owned()),
        ];
        fields.extend(acting.header.map(|(name, value)| (name, value.to_owned())));
        self.fetch(request, fields).await
    }

    /// What a cookie holds.
    pub(crate) fn cookie(&self, name: &str) -> Option<&Secret<String>> {
        self.cookies.get(name)
    }

    fn request(&self, path: &str, protocol: Protocol) -> Result<Request, &'static str> {
        let url = self.approach.url(self.host, path);
        let url = url.map_err(|_| "unusable-name")?;
        let mut request = self.approach.get(url, protocol);
        request.limits.total = PATIENCE;
        Ok(request)
    }

    /// Asks with these fields and the cookies, and keeps those of the answer.
    async fn fetch(
        &mut self,
        mut request: Request,
        mut fields: Vec<(&'static str, String)>,
    ) -> Result<Response, &'static str> {
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter();
            let pairs: Vec<_> = pairs
                .map(|(name, value)| format!("{name}={}", value.expose()))
                .collect();
            fields.push(("cookie", pairs.join("; ")));
        }
        for (field, value) in fields {
            let value = value.parse().map_err(|_| "unusable-cookie")?;
            request.headers.insert(field, value);
        }
        let fetched = self.approach.visitor.fetch(&request).await;
        let answer = fetched.map_err(|error| silence(&error))?;
        for field in answer.headers.get_all("set-cookie") {
            let pair = field.to_str().ok().and_then(|it| it.split(';').next());
            if let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) {
                let value = Secret::new(value.trim().to_owned());
                self.cookies.insert(name.trim().to_owned(), value);
            }
        }
        Ok(answer)
    }

    /// Signs in with name and password.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn sign_in(
        &mut self,
        name: &str,
        password: &Secret<String>,
    ) -> Result<Answer, &'static str> {
        let shown = self.open("login").await?;
        if shown.status.as_u16() != 200 {
            return Err("no-form");
        }
        let page = String::from_utf8_lossy(&shown.body);
        let form = Form::of(&page, &self.path("login")).ok_or("no-token")?;
        let filled = [("name", name), ("password", password.expose())];
        let answer = self.submit("login", &form, &filled).await?;
        self.judge(&answer)
    }

    /// Gives the code that is owed.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub(crate) async fn give_code(
        &mut self,
        form: &Form,
        code: &Secret<String>,
    ) -> Result<Answer, &'static str> {
        let filled = [("code", code.expose().as_str())];
        let answer = self.submit("login/code", form, &filled).await?;
        self.judge(&answer)
    }

    /// What an answer to name and password, or to a code, means.
    pub(crate) fn judge(&self, answer: &Response) -> Result<Answer, &'static str> {
        let set = answer.headers.get_all("set-cookie").iter();
        let session = set.filter_map(|field| field.to_str().ok());
        let session = session
            .filter_map(|field| field.split_once('='))
            .any(|(name, _)| name == SESSION);
        match (answer.status.as_u16(), session) {
            (200 | 303, true) => {
                let device = self.cookies.get(DEVICE).ok_or("no-device-cookie")?;
                Ok(Answer::LetIn {
                    device: device.clone(),
                })
            }
            (503, _) => Err("too-busy"),
            (200, false) => {
                let page = String::from_utf8_lossy(&answer.body);
                let form = Form::of(&page, &self.path("login/code"));
                let form = form.ok_or("neither-let-in-nor-refused")?;
                Ok(Answer::CodeOwed { form })
            }
            (status @ 400..500, false) => Ok(Answer::Refused { status }),
            _ => Err("neither-let-in-nor-refused"),
        }
    }
}
