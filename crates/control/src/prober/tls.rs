//! What HTTPS checks connect with.

use std::cell::OnceCell;

use clingfish_model::{CheckProtocol, ProtocolVersion};
use clingfish_snapshot::{Group, Target};
use clingfish_tls::{ClientTls, TargetParts};
use clingfish_upstream::CheckTls;

/// For HTTPS checks of groups whose own targets are reached without TLS: any certificate will do, as at ALB.
#[derive(Debug, Default)]
pub(crate) struct CheckClients {
    http1: OnceCell<ClientTls>,
    http2: OnceCell<ClientTls>,
}

impl CheckClients {
    /// What a check of that target connects with; none where it is without TLS.
    pub(crate) fn tls(&self, group: &Group, target: &Target) -> Option<CheckTls> {
        let check = &group.spec.health_check;
        if check.protocol != CheckProtocol::Https {
            return None;
        }
        let client = group.tls.as_deref().unwrap_or_else(|| self.trusting(check.version));
        let name = target.server_name.clone();
        Some(CheckTls {
            config: client.config_for_checks().clone(),
            name: name.unwrap_or_else(|| client.name_of(None, target.address.ip())),
        })
    }

    fn trusting(&self, version: ProtocolVersion) -> &ClientTls {
        let http2 = version != ProtocolVersion::Http1;
        let cell = if http2 { &self.http2 } else { &self.http1 };
        let parts = TargetParts { authorities: None, server_name: None, client: None, http2 };
        cell.get_or_init(|| ClientTls::new(parts, 0))
    }
}
