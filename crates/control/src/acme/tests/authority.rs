//! A small ACME server of our own, for what pebble can't do: advice on renewals, rate
//! limits, certificates that don't fit. It authorizes every name at once, and verifies
//! no signature: it is here for what the client does, not for what it may.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rcgen::{CertificateSigningRequestParams, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use terms::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::ground::Ca;

/// What is wrong with the certificates it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Names,
    Key,
    NotYet,
    Garbage,
}

/// A refusal: status, problem, `Retry-After`.
pub(super) type Refusal = (u16, &'static str, Option<&'static str>);

/// What it does, and what was asked of it.
pub(super) struct Script {
    pub(super) flaw: Option<Flaw>,
    pub(super) refuse: Option<Refusal>,
    /// The window of its advice, in seconds from now; `None` without advice.
    pub(super) advice: Option<(i64, i64)>,
    pub(super) life: Duration,
    /// The payload of every order.
    pub(super) orders: Vec<Value>,
    pub(super) contacts: Vec<Value>,
    pub(super) asked_for_advice: usize,
    requests: Vec<Vec<u8>>,
    chain: String,
}

pub(super) struct Authority {
    pub(super) directory: String,
    pub(super) script: Arc<Mutex<Script>>,
}

#[derive(Clone)]
struct Shared {
    base: String,
    clock: Clock,
    script: Arc<Mutex<Script>>,
    issuer: Arc<Issuer<'static, KeyPair>>,
}

struct Tls(TcpListener, TlsAcceptor);

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, from)) = self.0.accept().await
                && let Ok(stream) = self.1.accept(stream).await
            {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Authority {
    /// Certificates begin at the clock's now.
    pub(super) async fn start(ca: &Ca, clock: &Clock, advice: bool) -> Self {
        let chain = CertificateDer::from_pem_slice(ca.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(ca.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let script = Arc::new(Mutex::new(Script {
            flaw: None,
            refuse: None,
            advice: advice.then_some((30 * 86_400, 31 * 86_400)),
            life: Duration::from_secs(90 * 86_400),
            orders: Vec::new(),
            contacts: Vec::new(),
            asked_for_advice: 0,
            requests: Vec::new(),
            chain: String::new(),
        }));
        let shared = Shared {
            base: base.clone(),
            clock: clock.clone(),
            script: script.clone(),
            issuer: Arc::new(Issuer::new(params, KeyPair::generate().unwrap())),
        };
        let router = Router::new()
            .route("/dir", get(directory))
            .route(
                "/nonce",
                get(|| async { answer(StatusCode::OK, json!({}), None) }),
            )
            .route("/account", post(account))
            .route("/account/1", post(contact))
            .route("/order", post(order))
            .route("/order/{number}", post(order_state))
            .route("/authorization/{name}", post(authorization))
            .route("/finalize/{number}", post(finalize))
            .route("/certificate", post(certificate))
            .route("/advice/{id}", get(advise))
            .with_state(shared);
        let tls = Tls(listener, TlsAcceptor::from(Arc::new(tls)));
        tokio::spawn(async move { axum::serve(tls, router).await });
        Self {
            directory: format!("{base}/dir"),
            script,
        }
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    pub(super) fn orders(&self) -> Vec<Value> {
        self.script.lock().unwrap().orders.clone()
    }
}

fn answer(status: StatusCode, body: Value, location: Option<String>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("replay-nonce"),
        HeaderValue::from_static("bm9uY2U"),
    );
    if let Some(location) = location {
        headers.insert(header::LOCATION, location.parse().unwrap());
    }
    (status, headers, Json(body)).into_response()
}

/// base64url without padding.
fn decode(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .bytes()
        .map(|letter| {
            let at = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                .iter()
                .position(|it| *it == letter);
            u32::try_from(at.expect("base64url")).unwrap()
        })
        .collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let word = four.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend(&word.to_be_bytes()[1..four.len()]);
    }
    bytes
}

fn payload(body: &Bytes) -> Value {
    let signed: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_slice(&decode(signed["payload"].as_str().unwrap())).unwrap_or(Value::Null)
}

async fn directory(State(shared): State<Shared>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", shared.base);
    let mut directory = json!({
        "newNonce": at("nonce"),
        "newAccount": at("account"),
        "newOrder": at("order"),
        "meta": { "profiles": { "shortlived": "six days" } },
    });
    if shared.script.lock().unwrap().advice.is_some() {
        directory["renewalInfo"] = at("advice").into();
    }
    Json(directory)
}

async fn account(State(shared): State<Shared>, body: Bytes) -> Response {
    let contact = payload(&body)["contact"].clone();
    shared.script.lock().unwrap().contacts.push(contact);
    let location = Some(format!("{}/account/1", shared.base));
    answer(StatusCode::CREATED, json!({ "status": "valid" }), location)
}

async fn contact(State(shared): State<Shared>, body: Bytes) -> Response {
    let contact = payload(&body)["contact"].clone();
    shared.script.lock().unwrap().contacts.push(contact);
    answer(StatusCode::OK, json!({ "status": "valid" }), None)
}

async fn order(State(shared): State<Shared>, body: Bytes) -> Response {
    let mut script = shared.script.lock().unwrap();
    let payload = payload(&body);
    script.orders.push(payload);
    script.requests.push(Vec::new());
    if let Some((status, kind, wait)) = script.refuse {
        let status = StatusCode::from_u16(status).unwrap();
        let kind = format!("urn:ietf:params:acme:error:{kind}");
        let mut refusal = answer(status, json!({ "type": kind, "detail": "no" }), None);
        if let Some(wait) = wait {
            let wait = HeaderValue::from_static(wait);
            refusal.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        return refusal;
    }
    let number = script.orders.len() - 1;
    let location = Some(format!("{}/order/{number}", shared.base));
    answer(
        StatusCode::CREATED,
        state(&shared, &script, number),
        location,
    )
}

fn state(shared: &Shared, script: &Script, number: usize) -> Value {
    let order = &script.orders[number];
    let names = order["identifiers"].as_array().unwrap();
    let urls: Vec<_> = names
        .iter()
        .map(|name| {
            format!(
                "{}/authorization/{}",
                shared.base,
                name["value"].as_str().unwrap()
            )
        })
        .collect();
    let finalized = !script.requests[number].is_empty();
    let mut state = json!({
        "status": if finalized { "valid" } else { "ready" },
        "authorizations": urls,
        "finalize": format!("{}/finalize/{number}", shared.base),
    });
    if finalized {
        state["certificate"] = format!("{}/certificate", shared.base).into();
    }
    if let Some(replaces) = order.get("replaces") {
        state["replaces"] = replaces.clone();
    }
    state
}

async fn order_state(State(shared): State<Shared>, Path(number): Path<usize>) -> Response {
    let script = shared.script.lock().unwrap();
    answer(StatusCode::OK, state(&shared, &script, number), None)
}

async fn authorization(Path(name): Path<String>) -> Response {
    let body = json!({
        "identifier": { "type": "dns", "value": name },
        "status": "valid",
        "challenges": [],
    });
    answer(StatusCode::OK, body, None)
}

async fn finalize(
    State(shared): State<Shared>,
    Path(number): Path<usize>,
    body: Bytes,
) -> Response {
    let request = decode(payload(&body)["csr"].as_str().unwrap());
    let mut script = shared.script.lock().unwrap();
    script.chain = issue(&shared, &script, &request);
    script.requests[number] = request;
    answer(StatusCode::OK, state(&shared, &script, number), None)
}

fn issue(shared: &Shared, script: &Script, request: &[u8]) -> String {
    let csr = CertificateSigningRequestParams::from_der(&request.to_vec().into()).unwrap();
    let mut params = csr.params;
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(u64::try_from(script.orders.len()).unwrap().into());
    let now = Duration::from_micros(u64::try_from(shared.clock.now().0).unwrap());
    let later = if script.flaw == Some(Flaw::NotYet) {
        Duration::from_secs(86_400)
    } else {
        Duration::ZERO
    };
    params.not_before = date_time_ymd(1970, 1, 1) + now + later;
    params.not_after = params.not_before + script.life;
    if script.flaw == Some(Flaw::Names) {
        params.subject_alt_names.truncate(1);
    }
    let signed = if script.flaw == Some(Flaw::Key) {
        params.signed_by(&KeyPair::generate().unwrap(), &*shared.issuer)
    } else {
        params.signed_by(&csr.public_key, &*shared.issuer)
    };
    signed.unwrap().pem()
}

async fn certificate(State(shared): State<Shared>) -> Response {
    let script = shared.script.lock().unwrap();
    let mut sent = answer(StatusCode::OK, Value::Null, None);
    let body = if script.flaw == Some(Flaw::Garbage) {
        "no certificate".to_owned()
    } else {
        script.chain.clone()
    };
    *sent.body_mut() = body.into();
    sent.headers_mut().remove(header::CONTENT_LENGTH);
    sent
}

async fn advise(State(shared): State<Shared>, Path(_): Path<String>) -> Response {
    let mut script = shared.script.lock().unwrap();
    script.asked_for_advice += 1;
    let Some((start, end)) = script.advice else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let now = shared.clock.now();
    let at = |seconds: i64| {
        let text = terms::Micros(now.0 + seconds * 1_000_000).to_string();
        format!("{}Z", &text[..19])
    };
    let body = json!({ "suggestedWindow": { "start": at(start), "end": at(end) } });
    let mut advice = answer(StatusCode::OK, body, None);
    advice
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("21600"));
    advice
}
