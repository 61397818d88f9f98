//! The balancers that clients come from: HAProxy, nginx and Envoy themselves.

use std::{
    env, fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use clingfish_testkit::{Background, RawClient, Target, eventually};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::SOON;

/// The name of its cookie, whoever it is.
pub(super) const COOKIE: &str = "old_home";

/// Visits of newcomers until every target has had one: a fair coin fails once in a million million.
const NEWCOMERS_MAX: usize = 40;

/// A balancer that runs.
pub(crate) struct Old {
    address: SocketAddr,
    _program: Background,
    _folder: TempDir,
}

/// A client that was there.
#[derive(Debug)]
pub(super) struct Client {
    /// The cookie's value, as it came.
    pub(super) value: String,
    /// The target that it was served by.
    pub(super) target: String,
}

impl Old {
    /// HAProxy with these words of `cookie NAME …`, the lines of the listener, and what is behind each server's address.
    #[track_caller]
    pub(super) fn haproxy(cookie: &str, more: &str, servers: &[(&Target, &str)]) -> Self {
        let line = |(target, words): &(&Target, &str)| {
            format!("    server port{} {} {words}\n", target.address().port(), target.address())
        };
        let servers: String = servers.iter().map(line).collect();
        let config = format!(
            "defaults
    mode http
    timeout connect 10s
    timeout client 10s
    timeout server 10s
listen front
    bind fd@@FD@
    balance roundrobin
    cookie {COOKIE} {cookie}
    {more}
{servers}"
        );
        Self::listening(&config, "/usr/sbin/haproxy", &["-db", "-f", "@FOLDER@/config"])
    }

    /// nginx with these lines of its `upstream`; nothing where no nginx is at hand that knows `sticky`.
    #[track_caller]
    pub(super) fn nginx(servers: &str) -> Option<Self> {
        let program = nginx(STICKY_SINCE)?;
        let config = format!(
            "daemon off; master_process off; pid @FOLDER@/pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path @FOLDER@/body; proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi; uwsgi_temp_path @FOLDER@/uwsgi; scgi_temp_path @FOLDER@/scgi;
    upstream app {{ sticky cookie {COOKIE} expires=1h path=/; {servers} }}
    server {{ listen 127.0.0.1:@PORT@; location / {{ proxy_pass http://app; }} }}
}}"
        );
        Some(Self::nginx_of(&program, &config))
    }

    /// That nginx with this configuration, which listens at `@PORT@`.
    #[track_caller]
    pub(crate) fn nginx_of(program: &Path, config: &str) -> Self {
        let args = ["-p", "@FOLDER@", "-e", "stderr", "-c", "@FOLDER@/config"];
        let nginx = Self::listening(config, &program.to_string_lossy(), &args);
        eventually(SOON, || TcpStream::connect(nginx.address).ok());
        nginx
    }

    /// A program with this configuration, in which `@FD@` is where it listens, or `@PORT@` where it will.
    #[track_caller]
    pub(crate) fn listening(config: &str, program: &str, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("config");
        fs::write(&file, config).expect("there is room");
        let file = file.to_string_lossy();
        let script = include_str!("../../../scripts/listen_and_become.py");
        let program = Background::python(script, &[&[&*file, program], args].concat());
        Self { address: program.address(), _program: program, _folder: folder }
    }

    /// Envoy with `stateful_session` by a cookie of that life.
    #[track_caller]
    pub(super) fn envoy(ttl: &str, targets: &[&Target]) -> Self {
        Self::envoy_of(&envoy_config(ttl, targets))
    }

    /// Envoy with this configuration, whose first listener it is.
    #[track_caller]
    pub(crate) fn envoy_of(config: &Value) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let admin = folder.path().join("admin");
        let file = folder.path().join("config.json");
        fs::write(&file, config.to_string()).expect("there is room");
        let program =
            Background::python(ENVOY, &[&file.to_string_lossy(), &admin.to_string_lossy()]);
        Self { address: envoy_listener(&admin), _program: program, _folder: folder }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// One client for each target, in order of their names.
    #[track_caller]
    pub(super) fn clients(&self) -> [Client; 2] {
        let mut clients: Vec<Client> = Vec::new();
        for _ in 0..NEWCOMERS_MAX {
            let client = self.client();
            if clients.iter().all(|known| known.target != client.target) {
                clients.push(client);
            }
            if clients.len() == 2 {
                break;
            }
        }
        clients.sort_by(|one, other| one.target.cmp(&other.target));
        clients.try_into().expect("both targets get newcomers")
    }

    #[track_caller]
    fn client(&self) -> Client {
        let answer = RawClient::get(self.address, "/").expect("it answers");
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut cookies = answer.header_values("set-cookie");
        let pair = cookies.find_map(|line| line.split(';').next()?.strip_prefix(COOKIE));
        let value = pair.and_then(|rest| rest.strip_prefix('=')).expect("it sets its cookie");
        Client { value: value.to_owned(), target: answer.text() }
    }
}

/// The first nginx that knows `sticky`.
const STICKY_SINCE: [u32; 3] = [1, 29, 6];

/// The nginx of `NGINX_BIN`, if it is that version or later.
pub(crate) fn nginx(since: [u32; 3]) -> Option<PathBuf> {
    let named = env::var_os("NGINX_BIN").filter(|name| !name.is_empty());
    let program = named.map(PathBuf::from);
    let version = program.as_deref().and_then(nginx_version);
    if version.is_some_and(|version| version >= since) {
        return program;
    }
    eprintln!("SKIPPED: NGINX_BIN names no nginx of {since:?} or later: {version:?}");
    None
}

#[track_caller]
fn nginx_version(program: &Path) -> Option<[u32; 3]> {
    let output = Command::new(program).arg("-v").output().expect("NGINX_BIN names a program");
    let said = String::from_utf8_lossy(&output.stderr);
    let (_, version) = said.trim().rsplit_once('/')?;
    let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
    numbers.try_into().ok()
}

/// Becomes the Envoy of PyPI's package, whose own command is a script around it.
const ENVOY: &str = r#"
import envoy, os, sys
program = os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy")
config, admin = sys.argv[1:]
os.execv(program, [program, "-c", config, "--admin-address-path", admin, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"])
"#;

fn envoy_config(ttl: &str, targets: &[&Target]) -> Value {
    let any_port =
        serde_json::json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
    let endpoint = |target: &&Target| {
        let port = target.address().port();
        let address = serde_json::json!({ "address": "127.0.0.1", "port_value": port });
        serde_json::json!({ "endpoint": { "address": { "socket_address": address } } })
    };
    let endpoints: Vec<Value> = targets.iter().map(endpoint).collect();
    let of = |name: &str| format!("type.googleapis.com/envoy.extensions.{name}");
    let stateful = serde_json::json!({
        "@type": of("filters.http.stateful_session.v3.StatefulSession"),
        "session_state": { "name": "envoy.http.stateful_session.cookie", "typed_config": {
            "@type": of("http.stateful_session.cookie.v3.CookieBasedSessionState"),
            "cookie": { "name": COOKIE, "path": "/", "ttl": ttl }
        } }
    });
    let manager = serde_json::json!({
        "@type": of("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "front",
        "route_config": { "virtual_hosts": [{
            "name": "all", "domains": ["*"], "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "app" } }]
        }] },
        "http_filters": [
            { "name": "stateful", "typed_config": stateful },
            { "name": "router", "typed_config": { "@type": of("filters.http.router.v3.Router") } }
        ]
    });
    serde_json::json!({
        "admin": { "address": any_port },
        "static_resources": {
            "listeners": [{
                "name": "front", "address": any_port,
                "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }]
            }],
            "clusters": [{
                "name": "app", "type": "STATIC", "lb_policy": "ROUND_ROBIN",
                "load_assignment": { "cluster_name": "app", "endpoints": [{ "lb_endpoints": endpoints }] }
            }]
        }
    })
}

/// Where its listener is, which the admin address knows, whose own address is in the file.
#[track_caller]
fn envoy_listener(admin: &Path) -> SocketAddr {
    eventually(SOON * 3, || {
        let admin: SocketAddr = fs::read_to_string(admin).ok()?.trim().parse().ok()?;
        let answer = RawClient::get(admin, "/listeners?format=json").ok()?;
        let answer: Value = serde_json::from_slice(&answer.body).ok()?;
        let address = answer.pointer("/listener_statuses/0/local_address/socket_address")?;
        let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
        Some(SocketAddr::from(([127, 0, 0, 1], port)))
    })
}
