//! `clingfish events`.

use std::process::ExitCode;

use crate::{
    admin_client::{AdminClient, list_of, text_of},
    cli::{self, Output},
    table::{Table, cell},
};

pub(crate) fn run(options: &cli::Events) -> anyhow::Result<ExitCode> {
    let after = options.after.map(|after| format!("&after={after}")).unwrap_or_default();
    let path = format!("/v1/events?limit={}{after}", options.limit);
    let answer = AdminClient::new(&options.admin.admin, &options.admin.api)?.get(&path)?;
    let events = list_of(&answer, "events");
    if options.admin.api.output == Output::Json {
        events.iter().for_each(|event| println!("{event}"));
        return Ok(ExitCode::SUCCESS);
    }
    if options.diff {
        for event in events {
            let word = |key: &str| cell(event.get(key));
            let [id, at, who, action, revision, outcome] =
                ["id", "at", "who", "action", "revision", "outcome"].map(word);
            println!("{id}  {at}  {who}: {action}, revision {revision}, {outcome}");
            println!("{}", text_of(event, "diff"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let titles = ["ID", "AT", "WHO", "ACTION", "REVISION", "OUTCOME", "TOUCHES", "REASON"];
    let mut table = Table::new(&titles);
    for event in events {
        let members =
            ["/id", "/at", "/who", "/action", "/revision", "/outcome", "/resources", "/reason"];
        table.add(event, &members);
    }
    table.print();
    Ok(ExitCode::SUCCESS)
}
