//! Asks the native API of a running process, one request a connection.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, StatusCode,
    client::conn::http1,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::cli;

/// How long an answer may take, the making of a change included.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest answer that is taken: ten thousand targets in full are a tenth of it.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where systems keep the authorities that they trust.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The admin address of a running process, and what it is shown.
#[derive(Debug)]
pub(crate) struct AdminClient {
    url: String,
    is_tls: bool,
    /// As Host has it.
    authority: String,
    host: String,
    port: u16,
    token: Option<String>,
    ca: Option<PathBuf>,
}

impl AdminClient {
    /// Whoever answers at that URL.
    pub(crate) fn new(url: &str, api: &cli::Api) -> anyhow::Result<Self> {
        let wrong = || anyhow!("--admin {url:?} is no address: write http://127.0.0.1:9080");
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let is_tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@']) {
            return Err(wrong());
        }
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))
        {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (authority, if is_tls { 443 } else { 80 }),
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            is_tls,
            authority: authority.to_owned(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            // Empty variables count as absent, as they do where the process reads them.
            token: api.admin_token.clone().filter(|token| !token.is_empty()),
            ca: api.ca.clone(),
        })
    }

    /// What is at a path.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, None)
    }

    /// Sends a request, and gives what the answer says.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = async { tokio::time::timeout(PATIENCE, self.ask(method, path, body)).await };
        let asked = runtime.block_on(asked);
        let late = || anyhow!("{} did not answer within {} s", self.url, PATIENCE.as_secs());
        let (status, text) = asked.map_err(|_| late())??;
        let answer = serde_json::from_slice(&text).map_err(|_| {
            anyhow!(
                "{} answers {status}, and not as Clingfish does: is that its admin address?",
                self.url
            )
        })?;
        if status.is_success() { Ok(answer) } else { Err(self.refused(status, &answer)) }
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.with_context(|| {
            let (url, variable) = (&self.url, "CLINGFISH_ADMIN");
            format!("nobody answers at {url}: is clingfish serve running there? Name another with --admin or {variable}")
        })?;
        let request = self.request(method, path, body)?;
        if !self.is_tls {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(self.host.clone())?;
        let connector = TlsConnector::from(Arc::new(self.trust()?));
        let stream = connector.connect(name, stream).await.with_context(|| {
            format!(
                "no TLS with {}: name the authority of its certificate with --ca, or write http://",
                self.url
            )
        })?;
        exchange(stream, request).await
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        request
            .body(Full::from(body))
            .context("the token or the path has characters that cannot be sent")
    }

    fn trust(&self) -> anyhow::Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for certificate in self.authorities()? {
            // Of a system's many, one that is not understood is no reason to give up.
            let _ = roots.add(certificate);
        }
        if roots.is_empty() {
            bail!("there is no authority to judge https by: name a PEM file with --ca");
        }
        Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }

    fn authorities(&self) -> anyhow::Result<Vec<CertificateDer<'static>>> {
        let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
        let read = |path: &PathBuf| -> anyhow::Result<Vec<CertificateDer<'static>>> {
            let read = CertificateDer::pem_file_iter(path).and_then(|all| all.collect());
            read.map_err(|error| anyhow!("{}: {error}", path.display()))
        };
        match self.ca.as_ref().or(named.as_ref()) {
            Some(path) => read(path),
            None => Ok(BUNDLES.iter().find_map(|path| read(&path.into()).ok()).unwrap_or_default()),
        }
    }

    /// What to do about a refusal.
    fn refused(&self, status: StatusCode, answer: &Value) -> anyhow::Error {
        let error = answer.get("error");
        let message = error.map(|error| text_of(error, "message")).unwrap_or_default();
        let help = match (status, &self.token) {
            (StatusCode::UNAUTHORIZED, None) => {
                ": set CLINGFISH_ADMIN_TOKEN to one of its tokens (clingfish token draws one)"
            }
            (StatusCode::UNAUTHORIZED, Some(_)) => {
                ": look at CLINGFISH_ADMIN_TOKEN or --admin-token"
            }
            _ => "",
        };
        anyhow!("{message}{help}")
    }
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(StatusCode, Bytes)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answered = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow!("the answer broke off: {error}"))?;
        Ok((status, body.to_bytes()))
    };
    let answered = answered.await;
    connection.abort();
    answered
}

/// A text of an object; empty where there is none.
pub(crate) fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a key.
pub(crate) fn list_of<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Writes a value for programs.
pub(crate) fn print_json(value: &Value) {
    println!("{value:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> cli::Api {
        cli::Api { admin_token: None, ca: None, output: cli::Output::Table }
    }

    #[test]
    fn addresses_are_taken_apart() {
        for (url, expected) in [
            ("http://127.0.0.1:9080", Some(("127.0.0.1", 9080, false))),
            ("http://[::1]:9080/", Some(("::1", 9080, false))),
            ("http://[::1]", Some(("::1", 80, false))),
            ("https://lb.example", Some(("lb.example", 443, true))),
            ("127.0.0.1:9080", None),
            ("ftp://a", None),
            ("http://", None),
            ("http://a/v1", None),
            ("http://a:b", None),
        ] {
            let client = AdminClient::new(url, &api()).ok();
            let parts = client.as_ref().map(|one| (one.host.as_str(), one.port, one.is_tls));
            assert_eq!(parts, expected, "{url}");
        }
    }
}
