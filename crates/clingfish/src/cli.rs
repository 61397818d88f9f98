//! What can be said on the command line, with help that teaches.

pub(crate) mod check;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clingfish_model::Name;
use tracing_subscriber::filter::LevelFilter;

/// With how it was built: `cargo xtask dist` says that it was guided by a profile.
const VERSION: &str = match option_env!("CLINGFISH_PROFILE_GUIDED") {
    Some(_) => concat!(env!("CARGO_PKG_VERSION"), " (profile-guided)"),
    None => env!("CARGO_PKG_VERSION"),
};

/// A load balancer for stateful applications: every session finds its way home.
#[derive(Debug, Parser)]
#[command(
    name = "clingfish",
    version = VERSION,
    after_help = "\
A first look, without any configuration:
  clingfish demo

The smallest useful clingfish.toml:
  [[listeners]]
  bind = \"0.0.0.0:8080\"
  forward = \"web\"

  [target_groups.web]
  targets = [\"10.0.0.1:3000\", \"10.0.0.2:3000\"]
  stickiness = { type = \"lb_cookie\", duration = \"1h\" }

Then:
  clingfish validate --config clingfish.toml
  clingfish serve --config clingfish.toml
  curl http://127.0.0.1:9080/metrics"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Which events are written to standard error: off, error, warn, info or debug.
    #[arg(long, global = true, value_name = "LEVEL", env = "CLINGFISH_LOG")]
    pub(crate) log: Option<LevelFilter>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve what a configuration file asks for, and follow its changes.
    #[command(after_help = "\
Signals:
  SIGHUP            read the configuration again (it is also read when the file changes)
  SIGUSR2           hand over to a new process, as `clingfish upgrade` does
  SIGUSR1           open the access log file again, after it was moved away
  SIGTERM, SIGINT   finish what runs, then exit with 0; a second one exits at once

A configuration that is not valid changes nothing and is reported.
No connection is closed by a reload unless its own listener or target is gone.")]
    Serve(Serve),

    /// Check a configuration file and say everything that is wrong with it.
    Validate(Validate),

    /// Tell what a configuration comes to, what would become of a request, or what is in a cookie.
    #[command(after_help = "\
Every derived value of each target group's stickiness:
  clingfish explain --config clingfish.toml

Where a request would go, step by step, and why:
  clingfish explain --config clingfish.toml --url https://shop.example/cart --header 'Cookie: cling_f318bcb5=AQ…'

What a cookie or header of ours says:
  clingfish explain --config clingfish.toml --token AQ…

With --config nothing is asked of a running process: targets count as healthy, and learned sessions are not known.
With --admin in its place, the process that runs there is asked: by what is in force, and by the health of its targets now.
  clingfish explain --admin http://127.0.0.1:9080 --url https://shop.example/cart")]
    Explain(Explain),

    /// Show what a running process has in force: target groups, targets, listeners and more.
    #[command(after_help = "\
  clingfish get                          the state at a glance
  clingfish get target-groups            one line for each
  clingfish get target-groups web        every setting of one, and its targets
  clingfish get targets                  all targets, with their health
  clingfish get verdicts --output json

A process with credentials wants one of its tokens: in CLINGFISH_ADMIN_TOKEN, or by --admin-token.")]
    Get(Get),

    /// Show who changed what in a running process, oldest first.
    Events(Events),

    /// Show what differs between the configurations of two revisions of a running process.
    Diff(Diff),

    /// Put the configuration of an older revision in force again.
    #[command(after_help = "\
  clingfish get revisions
  clingfish rollback 17

The file gets the text that it had at that revision, which becomes a new revision; nothing of the history is lost.")]
    Rollback(Rollback),

    /// Have a target take no new sessions, and wait until those that it has are gone.
    #[command(after_help = "\
Before a target is stopped, for instance in a pre-stop hook:
  clingfish drain web 10.0.0.1:3000 --wait --deadline 30m

The exit status is 0 once so few sessions are left and no request runs, and 3 if the deadline came first.
Sessions count while they were seen within the duration of stickiness; with --active, within five minutes.")]
    Drain(Drain),

    /// Have a target take new sessions again.
    Undrain(Undrain),

    /// Replace a running process by a new one without losing a connection or a session.
    #[command(after_help = "\
The running process starts the file at its own path with its own arguments, and hands over all listening sockets. Once the
new process is ready it accepts, and the old one finishes what it has. If it does not get ready the old one carries on.
The exit status is 0 only if the new process has taken over.")]
    Upgrade(Upgrade),

    /// Look at the keys that seal session cookies, or add a new one.
    Keys(Keys),

    /// Draw a token for the native API, and the line that the configuration file needs of it.
    #[command(after_help = "\
  clingfish token --name ci

The token goes to whoever uses the API; the second line goes into the file, which has the hash alone:
  [admin]
  tokens = [{ name = \"ci\", sha256 = \"…\" }]")]
    Token(Token),

    /// Test whether stickiness works, through any balancer: ours, HAProxy, nginx, Envoy, Traefik, Caddy, an ALB.
    #[command(after_help = "\
  clingfish check https://shop.example/
  clingfish check https://shop.example/ --who header:X-Served-By --login 'POST /login user=me&password=secret'
  clingfish check http://127.0.0.1:8080/ --output junit --allow parallel-first > check.xml

About 200 requests, 20 in a second. Exit status: 0 every promise was kept, or could not be told; 1 something is broken;
2 nothing could be checked.")]
    Check(check::Check),

    /// Two sample applications, Clingfish in front of them, and the story of stickiness as it happens.
    #[command(after_help = "\
Everything runs in this process, on loopback, with its state in a temporary folder. After the story it keeps serving, and
prints an address for a browser.")]
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file (TOML).
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,

    #[command(flatten)]
    pub(crate) place: Place,

    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The configuration file (TOML).
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Where the process is.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Place {
    /// The availability zone that this process is in, for target groups with cross_zone = false. Wins over the file's.
    #[arg(long, value_name = "ZONE", env = "CLINGFISH_AVAILABILITY_ZONE", value_parser = name)]
    pub(crate) availability_zone: Option<Name>,
}

fn name(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|error| error.to_string())
}

/// Where the key ring is.
#[derive(Debug, Args)]
pub(crate) struct State {
    /// The folder that holds the key ring [default: $XDG_STATE_HOME/clingfish, ~/.local/state/clingfish, or
    /// /var/lib/clingfish as a service].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Accept a key ring file that others may read: for secrets that something else mounts.
    #[arg(long)]
    pub(crate) allow_readable_keys: bool,
}

/// Which running process is asked, and how.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// The token that goes with requests. Better in the variable, where other users do not see it.
    #[arg(long, value_name = "TOKEN", env = "CLINGFISH_ADMIN_TOKEN", hide_env_values = true)]
    pub(crate) admin_token: Option<String>,

    /// A PEM file with the authorities that an https address is judged by, in place of the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// For people or for programs.
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

/// Where the running process is.
#[derive(Debug, Args)]
pub(crate) struct Admin {
    /// The admin address of the running process.
    #[arg(
        long,
        value_name = "URL",
        env = "CLINGFISH_ADMIN",
        default_value = "http://127.0.0.1:9080"
    )]
    pub(crate) admin: String,

    #[command(flatten)]
    pub(crate) api: Api,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns.
    Table,
    /// JSON as the API has it; of events, one a line.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// What to show.
    #[arg(value_enum, default_value_t = Resource::State)]
    pub(crate) resource: Resource,

    /// One of them, by name; of targets, those of the group of that name.
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) admin: Admin,
}

/// What a running process can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resource {
    /// The whole at a glance.
    State,
    /// Load balancers and their listeners.
    LoadBalancers,
    /// Listeners and their rules.
    Listeners,
    /// Target groups and their stickiness.
    TargetGroups,
    /// Targets and their health.
    Targets,
    /// Keys that seal session cookies, never what they are.
    Keys,
    /// Requests by verdict.
    Verdicts,
    /// Revisions whose text is kept.
    Revisions,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only those after the one with this number.
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<u64>,

    /// This many at the most.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: u64,

    /// Show what each changed in the file.
    #[arg(long)]
    pub(crate) diff: bool,

    #[command(flatten)]
    pub(crate) admin: Admin,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The one revision.
    pub(crate) from: u64,

    /// The other.
    pub(crate) to: u64,

    #[command(flatten)]
    pub(crate) admin: Admin,
}

#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// The target group.
    pub(crate) target_group: String,

    /// The target, by its id.
    pub(crate) target: String,

    /// Wait until few enough sessions are left and no request runs.
    #[arg(long)]
    pub(crate) wait: bool,

    /// How many are few enough.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) until_sessions: u64,

    /// Count sessions that were seen within the last five minutes only.
    #[arg(long)]
    pub(crate) active: bool,

    /// Wait no longer than that, such as 30m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,

    #[command(flatten)]
    pub(crate) admin: Admin,
}

#[derive(Debug, Args)]
pub(crate) struct Undrain {
    /// The target group.
    pub(crate) target_group: String,

    /// The target, by its id.
    pub(crate) target: String,

    #[command(flatten)]
    pub(crate) admin: Admin,
}

fn duration(text: &str) -> Result<Duration, String> {
    clingfish_config::parse_duration(text).ok_or_else(|| "write 90s, 30m or 2h".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The revision to go back to.
    pub(crate) revision: u64,

    #[command(flatten)]
    pub(crate) admin: Admin,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The configuration file (TOML).
    #[arg(long, short, value_name = "FILE", required_unless_present = "admin")]
    pub(crate) config: Option<PathBuf>,

    /// The admin address of a running process, which is asked in place of a file.
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "availability_zone", "state_dir"])]
    pub(crate) admin: Option<String>,

    #[command(flatten)]
    pub(crate) api: Api,

    #[command(flatten)]
    pub(crate) place: Place,

    #[command(flatten)]
    pub(crate) state: State,

    /// A token of ours, as a cookie, header or parameter has it.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["url", "header", "method"])]
    pub(crate) token: Option<String>,

    /// What a client asks for: http://host/path, https://host/path, or /path.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// A field of its request, as curl has it; may be given several times.
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,

    /// Its method.
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,

    /// Its address.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) client: std::net::IpAddr,

    /// The listener that it comes to, by name, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) listener: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    #[command(flatten)]
    pub(crate) state: State,

    /// Which process, where several have their state in the same folder.
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Show every key: its number, what it is used for, and until when. Never the key itself.
    List {
        #[command(flatten)]
        state: State,
    },

    /// Add a key. It opens cookies at once and seals them after a delay, so that every instance has it by then. No session is lost:
    /// the old key opens what it sealed until none of that can be valid any more.
    Rotate {
        #[command(flatten)]
        state: State,

        /// How long until the new key seals, such as 0s, 90s, 5m.
        #[arg(long, value_name = "DURATION", default_value = "5m")]
        delay: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// What events call whoever uses it.
    #[arg(long, value_name = "NAME", default_value = "admin", value_parser = name)]
    pub(crate) name: Name,

    /// For reading only.
    #[arg(long)]
    pub(crate) read_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after the story; the exit status is 0 only if what it shows came true.
    #[arg(long)]
    pub(crate) once: bool,

    /// The port for the browser; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
}
