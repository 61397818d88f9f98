//! The nouns of Clingfish as checked types, and every limit and default.
//!
//! Rank 0: no I/O, no clock, no wire format. Rules live in constructors; a value that exists is valid.

pub mod credentials;
pub mod desired;
pub mod edit;
pub mod elb;
pub mod group_stickiness;
pub mod head;
pub mod health;
pub mod id;
pub mod limits;
pub mod listener;
pub mod listener_attributes;
mod mix;
pub mod path;
pub mod reach;
pub mod rule;
pub mod selection;
pub mod stickiness;
pub mod target;
pub mod time;
pub mod tls;

pub use credentials::{AccessKey, BearerToken, Role, Secret};
pub use desired::DesiredState;
pub use edit::{Edit, Place, Setting};
pub use elb::Record;
pub use group_stickiness::GroupStickiness;
pub use head::{Field, FieldId, Method, RequestHead, ResponseHead, Span, Version};
pub use health::{CheckProtocol, HealthCheck};
pub use id::{GroupHash, Name, Owner, ResourceId, TargetHash, TargetId};
pub use listener::{DesyncMode, Listener, LoadBalancer, Timeouts};
pub use listener_attributes::ListenerAttributes;
pub use mix::mix;
pub use rule::{Action, Rule};
pub use selection::{Algorithm, CrossZone, HealthThresholds, MinimumHealthy, SlowStart};
pub use stickiness::{LbCookie, Stickiness};
pub use target::{ProtocolVersion, Target, TargetAddress, TargetGroup, Weight};
pub use time::UnixMillis;
pub use tls::{CertificateFiles, ListenerTls, MutualAuthentication, TargetTls, TlsVersion};
