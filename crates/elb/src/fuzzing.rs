//! What a fuzzer calls.

use crate::{Call, Error, Input, arn::Arn, query::Params};

/// Decodes any bytes as a request and reads it at every turn. Panics where the readers do, or where an ARN that is
/// accepted is written otherwise.
pub fn query(data: &[u8]) {
    let Ok(params) = Params::decode(data) else {
        return;
    };
    let refused = Call::of(params.clone()).and_then(|call| call.read(members));
    if let Err(error) = refused {
        assert!(!error.message.is_empty(), "{:?} without a reason", error.code);
    }
    let _ = Input::read(params, members);
}

/// The names are those of the corpus.
fn members(input: &mut Input) -> Result<(), Error> {
    if let Some(Ok(arn)) = input.text("ListenerArn")?.map(|text| text.parse::<Arn>()) {
        assert_eq!(arn.to_string().parse(), Ok(arn), "an ARN is read as it is written");
    }
    input.integer("Priority", 1..=50_000)?;
    input.list_of_text("Names")?;
    let groups = |forward: &mut Input| {
        forward.list("TargetGroups", |group| group.integer("Weight", 0..=999))
    };
    input.list("Actions", |action| {
        action.text("Type")?;
        action.structure("ForwardConfig", groups)
    })?;
    Ok(())
}
