//! `instructions --list`, or `instructions CASE CALLS`: one case of the benchmarks, for callgrind to count.

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--list"] => {
            for case in clingfish_benches::cases() {
                println!("{}\t{}", case.name, case.what);
            }
            Ok(())
        }
        [name, calls] => {
            let mut cases = clingfish_benches::cases();
            let case = cases.find(|case| case.name == *name);
            (case.with_context(|| format!("there is no case {name}"))?.run)(calls.parse()?)
        }
        _ => anyhow::bail!("instructions --list, or instructions CASE CALLS"),
    }
}
