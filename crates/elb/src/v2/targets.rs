//! Targets: how they are registered, deregistered and shown with their health.

mod deregister;
mod health;
mod identity;
mod register;

use crate::{Error, Input, constraint::Constraint};

pub(super) use deregister::deregister;
pub(super) use health::describe_health;
pub(super) use register::register;
pub(crate) use register::{forbidden, why_refused};

/// `TargetDescription`, as a request gives it.
#[derive(Clone, Debug)]
struct Given {
    /// Of an instance, or an IP address.
    id: String,
    /// The group's where there is none.
    port: Option<u16>,
    /// `all`, or one zone.
    zone: Option<String>,
}

fn read_one(input: &mut Input) -> Result<Given, Error> {
    if input.has("QuicServerId") {
        return Err(Error::validation(
            "QuicServerId is not supported: it belongs to network load balancers",
        ));
    }
    let port = input.integer("Port", 1..=u16::MAX.into())?;
    Ok(Given {
        id: input.required_text("Id")?,
        port: port.and_then(|port| u16::try_from(port).ok()),
        zone: input.text("AvailabilityZone")?,
    })
}

/// The targets that a request must name.
fn read_all(input: &mut Input) -> Result<Vec<Given>, Error> {
    let targets = input.required_list("Targets", read_one)?;
    if targets.is_empty() {
        return Err(Constraint::LengthAtLeast(1).broken_by(Some("[]"), &input.at("Targets")));
    }
    Ok(targets)
}
