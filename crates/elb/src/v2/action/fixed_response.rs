//! Answers of our own.

use clingfish_model::rule::{BadAction, FixedResponse};

use super::{head, refused};
use crate::{Error, Input, Members, constraint::Pattern};

const STATUS: Pattern = Pattern { text: r"^(2|4|5)\d\d$", accepts: is_status };

fn is_status(text: &str) -> bool {
    text.len() == 3 && text.starts_with(['2', '4', '5']) && text.bytes().all(|c| c.is_ascii_digit())
}

/// Reads `FixedResponseConfig`.
pub(super) fn read(input: &mut Input) -> Result<FixedResponse, Error> {
    let response = input.structure("FixedResponseConfig", |input| {
        let status = input.matching_text("StatusCode", &STATUS)?;
        let status = input.required("StatusCode", status)?;
        let content_type = input.text("ContentType")?.filter(|text| !text.is_empty());
        let body = input.sized_text("MessageBody", 0..=FixedResponse::BODY_BYTES_MAX)?;
        let status = status.parse().unwrap_or_default();
        let body = body.unwrap_or_default();
        FixedResponse::new(status, content_type.as_deref(), &body).map_err(|bad| match bad {
            BadAction::ContentType { .. } => refused(
                "The ContentType must be one of:'text/html', 'application/json', \
                 'application/javascript', 'text/css', 'text/plain'",
            ),
            other => refused(format!("The fixed response is not valid: {other}")),
        })
    })?;
    response.ok_or_else(|| {
        refused("You must specify 'FixedResponseConfig' for an action of type 'fixed-response'")
    })
}

pub(super) fn members(response: &FixedResponse) -> Members {
    let body = Some(response.body()).filter(|body| !body.is_empty());
    let config = Members::default()
        .some_text("MessageBody", body)
        .value("StatusCode", response.status())
        .text("ContentType", response.content_type());
    head("fixed-response").structure("FixedResponseConfig", config)
}
