//! The web console: a table of its files, which the binary carries and the admin address serves.
//!
//! Rank 3, and beside its rank: it uses no other crate, and only the binary uses it. The files are ES modules as they are written,
//! so that building needs nothing but Rust. What others wrote is in `vendor`, with licences and checksums.

/// A file of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Below `/console/`; empty for the page itself.
    pub path: &'static str,
    /// As `Content-Type` has it.
    pub content_type: &'static str,
    /// All of it.
    pub bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// One row of the table: what is served where, and the file that it is.
macro_rules! asset {
    ($path:literal, $content_type:expr, $file:literal) => {
        Asset { path: $path, content_type: $content_type, bytes: include_bytes!($file) }
    };
}

/// All files of the console.
pub static ASSETS: &[Asset] = &[
    asset!("", HTML, "../web/index.html"),
    asset!("icon.svg", SVG, "../web/icon.svg"),
    asset!("css/base.css", CSS, "../web/css/base.css"),
    asset!("css/parts.css", CSS, "../web/css/parts.css"),
    asset!("css/pages.css", CSS, "../web/css/pages.css"),
    asset!("js/api.js", SCRIPT, "../web/js/api.js"),
    asset!("js/app.js", SCRIPT, "../web/js/app.js"),
    asset!("js/attributes.js", SCRIPT, "../web/js/attributes.js"),
    asset!("js/chart.js", SCRIPT, "../web/js/chart.js"),
    asset!("js/check.js", SCRIPT, "../web/js/check.js"),
    asset!("js/checkstory.js", SCRIPT, "../web/js/checkstory.js"),
    asset!("js/events.js", SCRIPT, "../web/js/events.js"),
    asset!("js/gate.js", SCRIPT, "../web/js/gate.js"),
    asset!("js/group.js", SCRIPT, "../web/js/group.js"),
    asset!("js/groupcard.js", SCRIPT, "../web/js/groupcard.js"),
    asset!("js/groups.js", SCRIPT, "../web/js/groups.js"),
    asset!("js/history.js", SCRIPT, "../web/js/history.js"),
    asset!("js/keys.js", SCRIPT, "../web/js/keys.js"),
    asset!("js/lib.js", SCRIPT, "../web/js/lib.js"),
    asset!("js/metrics.js", SCRIPT, "../web/js/metrics.js"),
    asset!("js/monitoring.js", SCRIPT, "../web/js/monitoring.js"),
    asset!("js/onetarget.js", SCRIPT, "../web/js/onetarget.js"),
    asset!("js/overview.js", SCRIPT, "../web/js/overview.js"),
    asset!("js/parts.js", SCRIPT, "../web/js/parts.js"),
    asset!("js/requests.js", SCRIPT, "../web/js/requests.js"),
    asset!("js/settings.js", SCRIPT, "../web/js/settings.js"),
    asset!("js/shares.js", SCRIPT, "../web/js/shares.js"),
    asset!("js/stickiness.js", SCRIPT, "../web/js/stickiness.js"),
    asset!("js/store.js", SCRIPT, "../web/js/store.js"),
    asset!("js/targets.js", SCRIPT, "../web/js/targets.js"),
    asset!("js/theme.js", SCRIPT, "../web/js/theme.js"),
    asset!("js/time.js", SCRIPT, "../web/js/time.js"),
    asset!("js/trace.js", SCRIPT, "../web/js/trace.js"),
    asset!("js/whatif.js", SCRIPT, "../web/js/whatif.js"),
    asset!("vendor/htm-preact.js", SCRIPT, "../vendor/htm-preact.js"),
    asset!("vendor/uPlot.esm.js", SCRIPT, "../vendor/uPlot.esm.js"),
    asset!("vendor/uPlot.min.css", CSS, "../vendor/uPlot.min.css"),
];

#[cfg(test)]
mod tests;
