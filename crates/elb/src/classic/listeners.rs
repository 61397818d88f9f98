//! The listeners of a load balancer, but for their policies.

use std::net::{IpAddr, SocketAddr};

use clingfish_model::elb::ClassicListener;

use super::{
    facts::{Facts, Front},
    invalid,
};
use crate::{
    Code, Error, Input, Plan, World,
    constraint::Constraint,
    v2::{bind, certificate},
};

/// A listener as a request wants it, wherever it will be.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) port: u16,
    pub(super) certificate: Option<String>,
    pub(super) instance_port: u16,
    pub(super) instance_tls: bool,
}

/// `CreateLoadBalancerListeners`. One that is there with the same settings stays.
pub(super) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let wanted = read(input, world)?;
    let balancer = world.classic(&name)?;
    let before = Facts::of(balancer, world);
    let mut after = before.clone();
    let address = bind::address(balancer, world);
    for listener in wanted {
        after.add(&listener, address, world)?;
    }
    Ok(Plan::silent(name, after.edits(&before, world)?))
}

/// `DeleteLoadBalancerListeners`. A port that nobody listens at is no error.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let ports = input.required_list_of_text("LoadBalancerPorts")?;
    let is_number = |text: &String| text.parse::<i64>().is_ok();
    if let Some(other) = ports.iter().find(|text| !is_number(text)) {
        let message = format!("The load balancer port '{other}' must be an integer");
        return Err(Error::validation(message));
    }
    let before = Facts::of(world.classic(&name)?, world);
    let mut after = before.clone();
    after.listeners.retain(|one| !ports.contains(&one.bind.port().to_string()));
    if after.listeners.is_empty() && !before.listeners.is_empty() {
        // There is no group any more that would have them.
        super::health_check::keep(&before.check, &mut after.attributes);
        before.draining.keep(&mut after.attributes);
    }
    Ok(Plan::silent(name, after.edits(&before, world)?))
}

/// `SetLoadBalancerListenerSSLCertificate`.
pub(super) fn set_certificate(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let port = read_port(input)?;
    let arn = input.required_text("SSLCertificateId")?;
    let before = Facts::of(world.classic(&name)?, world);
    let mut after = before.clone();
    let listener = after.listener(port).ok_or_else(|| not_found(&name, port))?;
    if listener.certificate.is_none() {
        let message = format!(
            "The listener of load balancer '{name}' on port {port} speaks HTTP and has no certificate"
        );
        return Err(invalid(message));
    }
    refuse_unknown(&arn, world)?;
    listener.certificate = Some(arn);
    Ok(Plan::silent(name, after.edits(&before, world)?))
}

impl Facts {
    /// Has this listener too, unless it is there already.
    pub(super) fn add(
        &mut self,
        wanted: &Wanted,
        address: IpAddr,
        world: &World<'_>,
    ) -> Result<(), Error> {
        let name = self.name.clone();
        if let Some(there) = self.listener(wanted.port) {
            if *wanted == Wanted::of(there) {
                return Ok(());
            }
            return Err(Error::new(
                Code::DuplicateListener,
                format!(
                    "A listener already exists for {name} with LoadBalancerPort {}, but with a different \
                     InstancePort, Protocol, or SSLCertificateId",
                    wanted.port
                ),
            ));
        }
        let bind = SocketAddr::new(address, wanted.port);
        bind::refuse_taken(bind, None, world)?;
        self.listeners.push(Front {
            bind,
            certificate: wanted.certificate.clone(),
            classic: ClassicListener {
                instance_port: wanted.instance_port,
                instance_tls: wanted.instance_tls,
                policies: Vec::new(),
            },
        });
        Ok(())
    }
}

impl Wanted {
    /// What a request would say that wants this one.
    pub(super) fn of(front: &Front) -> Self {
        Self {
            port: front.bind.port(),
            certificate: front.certificate.clone(),
            instance_port: front.classic.instance_port,
            instance_tls: front.classic.instance_tls,
        }
    }
}

/// Reads `Listeners`.
pub(super) fn read(input: &mut Input, world: &World<'_>) -> Result<Vec<Wanted>, Error> {
    let listeners = input.required_list("Listeners", |input| read_one(input, world))?;
    if listeners.is_empty() {
        return Err(Constraint::LengthAtLeast(1).broken_by(Some("[]"), "listeners"));
    }
    Ok(listeners)
}

/// Reads `LoadBalancerPort`.
pub(super) fn read_port(input: &mut Input) -> Result<u16, Error> {
    port(input, "LoadBalancerPort")
}

/// The refusal of a port that nobody listens at.
pub(super) fn not_found(name: &str, port: u16) -> Error {
    let message = format!("There is no listener for load balancer '{name}' on port {port}");
    Error::new(Code::ListenerNotFound, message)
}

fn read_one(input: &mut Input, world: &World<'_>) -> Result<Wanted, Error> {
    let is_tls = protocol(&input.required_text("Protocol")?)?;
    let port = read_port(input)?;
    let instance_port = self::port(input, "InstancePort")?;
    let instance_protocol = input.text("InstanceProtocol")?.filter(|word| !word.is_empty());
    let instance_tls = instance_protocol.map(|word| protocol(&word)).transpose()?.unwrap_or(false);
    let certificate = input.text("SSLCertificateId")?.filter(|arn| !arn.is_empty());
    match &certificate {
        Some(arn) if is_tls => refuse_unknown(arn, world)?,
        Some(_) => {
            let message =
                "Non-Secure Listeners cannot have a SSLCertificateId: use the protocol HTTPS";
            return Err(invalid(message));
        }
        None if is_tls => {
            let message = "Secure Listeners need to specify a SSLCertificateId";
            return Err(Error::validation(message));
        }
        None => {}
    }
    Ok(Wanted { port, certificate, instance_port, instance_tls })
}

fn port(input: &mut Input, name: &str) -> Result<u16, Error> {
    let port = input.required_integer(name, 1..=u16::MAX.into())?;
    u16::try_from(port).map_err(|_| Error::validation(format!("{name} {port} is no port")))
}

/// Whether that protocol has TLS.
fn protocol(word: &str) -> Result<bool, Error> {
    let message = match word.to_ascii_uppercase().as_str() {
        "HTTP" => return Ok(false),
        "HTTPS" => return Ok(true),
        upper @ ("TCP" | "SSL") => format!(
            "The protocol {upper} is not supported: this load balancer speaks HTTP, use HTTP or HTTPS"
        ),
        _ => format!("The protocol '{word}' is not supported: use HTTP or HTTPS"),
    };
    Err(Error::new(Code::UnsupportedProtocol, message))
}

fn refuse_unknown(arn: &str, world: &World<'_>) -> Result<(), Error> {
    certificate::setting(arn, world).map(drop).map_err(|_| {
        let message = format!("Server Certificate not found for the key: {arn}");
        Error::new(Code::CertificateNotFound, message)
    })
}
