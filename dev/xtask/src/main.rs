//! The one door: check, test, e2e, fuzz, bench, layers, setup.

mod bench;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((command, rest)) if command == "bench" => bench::run(rest),
        _ => anyhow::bail!("only `bench` is known so far"),
    }
}
