//! What an instance answers.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    app::Instance, clock, controls::Ask, echo, form, limits::REQUEST_BODY_BYTES_MAX, origin,
    sessions::Session,
};

/// The field in which an instance says its name, whatever a balancer adds.
pub(crate) const INSTANCE: HeaderName = HeaderName::from_static("x-instance");

/// The cookie that names a session in the memory of one instance.
const SID: &str = "sid";

const PAGE: &str = include_str!("page.html");

/// Nothing from elsewhere, whatever a visitor writes.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Every path of the application.
pub(crate) fn router(instance: Instance) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/whoami", get(whoami))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/cart", post(add_to_cart))
        .route("/echo", get(echo::open))
        .route("/health", get(|| async { "well\n" }))
        .route("/demo/state", get(state))
        .route("/demo/stickiness", post(switch_stickiness))
        .route("/demo/instances/{name}/{verb}", post(run_instance))
        .layer(DefaultBodyLimit::max(REQUEST_BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(instance.clone(), sign))
        .with_state(instance)
}

/// Refuses other sites' posts and puts the instance's name on every answer.
async fn sign(State(instance): State<Instance>, request: Request, next: Next) -> Response {
    let is_welcome = request.method().is_safe() || origin::is_same_origin(request.headers());
    let mut response = if is_welcome {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "only the page itself may do that\n").into_response()
    };
    let headers = response.headers_mut();
    if let Ok(name) = HeaderValue::from_str(&instance.name) {
        headers.insert(INSTANCE, name);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The page, or one line of text for who asks for text.
async fn home(State(instance): State<Instance>, headers: HeaderMap) -> Response {
    if accepts(&headers, "text/html") || !accepts(&headers, "text/plain") {
        return Html(PAGE.replace("{{instance}}", &instance.name)).into_response();
    }
    greeting(&session(&instance, &headers)).into_response()
}

/// The visitor and how things stand, in one request: a page that asked twice would use up two turns.
async fn whoami(State(instance): State<Instance>, headers: HeaderMap) -> Response {
    let session = session(&instance, &headers);
    as_json(json!({
        "instance": &*instance.name,
        "user": session.user,
        "cart": session.cart,
        "demo": standing(&instance),
    }))
}

async fn login(State(instance): State<Instance>, headers: HeaderMap, body: String) -> Response {
    let Some(name) = form::field(&body, "name") else {
        return (StatusCode::BAD_REQUEST, "say a name\n").into_response();
    };
    renew(&instance, &headers, |session| session.user = Some(name))
}

async fn add_to_cart(
    State(instance): State<Instance>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some(item) = form::field(&body, "item") else {
        return (StatusCode::BAD_REQUEST, "say what to add\n").into_response();
    };
    let known = with_session(&instance, &headers, |session| {
        session.add(item.clone());
        greeting(session)
    });
    match known {
        Some(text) => done(&headers, text),
        None => renew(&instance, &headers, |session| session.add(item)),
    }
}

async fn logout(State(instance): State<Instance>, headers: HeaderMap) -> Response {
    if let Some(sid) = sid(&headers) {
        instance.remember(|sessions| sessions.close(sid));
    }
    done(&headers, greeting(&Session::default()))
}

async fn state(State(instance): State<Instance>) -> Response {
    as_json(standing(&instance))
}

async fn switch_stickiness(State(instance): State<Instance>, body: String) -> Response {
    let wish: Option<Value> = serde_json::from_str(&body).ok();
    match wish.as_ref().and_then(|wish| wish.get("on")?.as_bool()) {
        Some(on) => noted(&instance, Ask::Stickiness(on)),
        None => (StatusCode::BAD_REQUEST, "say {\"on\": true} or false\n").into_response(),
    }
}

async fn run_instance(
    State(instance): State<Instance>,
    Path((name, verb)): Path<(String, String)>,
) -> Response {
    let on = match verb.as_str() {
        "start" => true,
        "stop" => false,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    noted(&instance, Ask::Run { name, on })
}

/// Answers before the wish is granted: the instance that is asked may be the one that stops.
fn noted(instance: &Instance, ask: Ask) -> Response {
    if instance.controls.ask(ask) {
        return (StatusCode::ACCEPTED, "noted\n").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "too much at once\n").into_response()
}

/// How things stand, as the page reads it.
fn standing(instance: &Instance) -> Value {
    let scene = instance.controls.scene();
    let instances: Vec<Value> = scene
        .instances
        .iter()
        .map(|(name, runs)| json!({ "name": name, "running": runs }))
        .collect();
    json!({
        "stickiness": scene.sticky,
        "instances": instances,
        "trouble": scene.trouble,
    })
}

/// Gives the visitor a new session id, which no one can have planted, and changes the session under it.
fn renew(instance: &Instance, headers: &HeaderMap, change: impl FnOnce(&mut Session)) -> Response {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let fresh: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let old = sid(headers);
    let text = instance.remember(|sessions| {
        let now = clock::now();
        let known = old.filter(|sid| sessions.find(sid, now).is_some());
        let mut session = known.and_then(|sid| sessions.close(sid)).unwrap_or_default();
        change(&mut session);
        let text = greeting(&session);
        sessions.open(fresh.clone(), session, now);
        text
    });
    let cookie = format!("{SID}={fresh}; Path=/; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], done(headers, text)).into_response()
}

/// After a form: back to the page for browsers, the greeting for others.
fn done(headers: &HeaderMap, text: String) -> Response {
    if accepts(headers, "text/html") {
        return Redirect::to("/").into_response();
    }
    text.into_response()
}

/// The visitor in one line.
fn greeting(session: &Session) -> String {
    let user = session.user.as_deref().unwrap_or("no");
    match session.cart.len() {
        0 => format!("signed in: {user}"),
        items => format!("signed in: {user}, cart: {items}"),
    }
}

/// What this instance knows of the visitor; nothing, for who has no session here.
fn session(instance: &Instance, headers: &HeaderMap) -> Session {
    with_session(instance, headers, |session| session.clone()).unwrap_or_default()
}

fn with_session<T>(
    instance: &Instance,
    headers: &HeaderMap,
    look: impl FnOnce(&mut Session) -> T,
) -> Option<T> {
    let sid = sid(headers)?;
    instance.remember(|sessions| sessions.find(sid, clock::now()).map(look))
}

fn sid(headers: &HeaderMap) -> Option<&str> {
    let fields = headers.get_all(header::COOKIE).iter();
    fields.filter_map(|value| value.to_str().ok()).find_map(|field| form::cookie(field, SID))
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept.is_some_and(|value| value.to_str().is_ok_and(|value| value.contains(kind)))
}

fn as_json(value: Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, value.to_string()).into_response()
}
