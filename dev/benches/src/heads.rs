//! Reading heads.

use std::hint::black_box;

use anyhow::{Result, bail};
use clingfish_h1::{Progress, RequestContext, parse_request, parse_response};
use clingfish_model::{
    head::{RequestParts, ResponseParts},
    listener::RequestLimits,
};

use crate::{Case, samples};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "parse_request",
        what: "request head of a browser, 16 fields, 883 bytes",
        run: request,
    },
    Case {
        name: "parse_response",
        what: "response head of an application, 7 fields",
        run: response,
    },
];

fn request(calls: usize) -> Result<()> {
    let bytes = samples::browser_head(Some(&[b'a'; 124]));
    let limits = RequestLimits::default();
    let mut parts = RequestParts::default();
    for _ in 0..calls {
        let Progress::Complete(framing) = parse_request(black_box(&bytes), 0, &limits, &mut parts)?
        else {
            bail!("the head has an end");
        };
        black_box((framing, &mut parts));
    }
    Ok(())
}

fn response(calls: usize) -> Result<()> {
    let bytes = samples::RESPONSE_HEAD;
    let limits = RequestLimits::default();
    let context = RequestContext::default();
    let mut parts = ResponseParts::default();
    for _ in 0..calls {
        let progress = parse_response(black_box(bytes), 0, &limits, context, &mut parts)?;
        let Progress::Complete(framing) = progress else {
            bail!("the head has an end");
        };
        black_box((framing, &mut parts));
    }
    Ok(())
}
