use super::*;

fn read<T>(
    form: &str,
    read: impl FnOnce(&mut Input) -> Result<T, Error>,
) -> Result<T, (Code, String)> {
    let params = Params::decode(form.as_bytes()).unwrap();
    Input::read(params, read).map_err(|error| (error.code, error.message))
}

fn refused<T: std::fmt::Debug>(
    form: &str,
    reader: impl FnOnce(&mut Input) -> Result<T, Error>,
) -> (Code, String) {
    read(form, reader).expect_err(form)
}

/// A member of a list in a structure in a list, as weights of groups are.
fn weights(input: &mut Input) -> Result<Option<Vec<i64>>, Error> {
    let groups = |forward: &mut Input| {
        forward.required_list("TargetGroups", |group| group.required_integer("Weight", 0..=999))
    };
    let actions = input.list("Actions", |action| action.structure("ForwardConfig", groups))?;
    Ok(actions.map(|actions| actions.into_iter().flatten().flatten().collect()))
}

#[test]
fn members_are_read_by_their_names() {
    let form = "Name=web&Port=80&On=True&Off=false&Empty=&Scheme=internal";
    let members = read(form, |input| {
        assert!(input.has("Name") && !input.has("Other"));
        Ok((
            input.required_text("Name")?,
            input.integer("Port", 1..=65535)?,
            [input.boolean("On")?, input.boolean("Off")?, input.boolean("Other")?],
            [input.text("Empty")?, input.text("Other")?],
            input.choice("Scheme", &[("internet-facing", 1), ("internal", 2)])?,
        ))
    });
    let expected = (
        "web".to_owned(),
        Some(80),
        [Some(true), Some(false), None],
        [Some(String::new()), None],
        Some(2),
    );
    assert_eq!(members, Ok(expected));
}

#[test]
fn lists_are_in_the_order_of_their_indices() {
    for (form, list) in [
        ("N.member.10=c&N.member.2=b&N.member.1=a", Some(vec!["a", "b", "c"])),
        ("N.member.7=a", Some(vec!["a"])),
        ("N.member.10000=a", Some(vec!["a"])),
        ("N=", Some(vec![])),
        ("", None),
    ] {
        let list = list.map(|list| list.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read(form, |input| input.list_of_text("N")), Ok(list), "{form}");
    }
}

#[test]
fn structures_are_read_at_any_depth() {
    let form = "Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight=20&\
                Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=10&\
                Actions.member.2.ForwardConfig.TargetGroups=";
    assert_eq!(read(form, weights), Ok(Some(vec![10, 20])));
    assert_eq!(read("Actions=", weights), Ok(Some(vec![])));
    assert_eq!(read("", weights), Ok(None));
}

#[test]
fn what_nobody_reads_is_refused_with_its_whole_path() {
    for (form, path) in [
        ("Label=web", "Label"),
        ("Other.member.1.X=1", "Other.member.1.X"),
        ("Actions.member.1.Kind=forward", "Actions.member.1.Kind"),
        (
            "Actions.member.3.ForwardConfig.TargetGroups.member.1.Weight=1&\
             Actions.member.3.ForwardConfig.TargetGroups.member.1.Load=1",
            "Actions.member.3.ForwardConfig.TargetGroups.member.1.Load",
        ),
        ("Actions.member.x=1", "Actions.member.x"),
        ("Actions.member.0.Type=1", "Actions.member.0"),
        ("Actions.member.01.Type=1", "Actions.member.01"),
        ("Actions.member.10001.Type=1", "Actions.member.10001"),
        ("Actions.1.Type=1", "Actions.1.Type"),
        ("Actions.entry.1.key=1&Actions.member.1.ForwardConfig=", "Actions.entry.1.key"),
    ] {
        let message = format!("The parameter {path} is not recognized by this action.");
        let form = form.replace(".ForwardConfig=", "");
        assert_eq!(refused(&form, weights), (Code::InvalidQueryParameter, message));
    }
}

#[test]
fn a_value_of_another_type_is_a_validation_error() {
    let integer = |input: &mut Input| input.integer("P", 0..=9).map(|_| ());
    let boolean = |input: &mut Input| input.boolean("P").map(|_| ());
    let text = |input: &mut Input| input.text("P").map(|_| ());
    let list = |input: &mut Input| input.list_of_text("P").map(|_| ());
    let structure = |input: &mut Input| input.structure("P", |_| Ok(())).map(|_| ());
    type Reader = fn(&mut Input) -> Result<(), Error>;
    for (form, reader, message) in [
        ("P=x", integer as Reader, "P must be an integer"),
        ("P=", integer, "P must be an integer"),
        ("P=99999999999999999999", integer, "P must be an integer"),
        ("P=yes", boolean, "P must be a boolean"),
        ("P.member.1=x", text, "P must be a single value"),
        ("P=x&P.y=x", text, "P must be a single value"),
        ("P=x", list, "P must be a list"),
        ("P.member=x", list, "P must be a list"),
        ("P.member.1.X=x", list, "P.member.1 must be a single value"),
        ("P=x", structure, "P must be a structure"),
    ] {
        let message = format!("The value of the parameter {message}.");
        assert_eq!(refused(form, reader), (Code::ValidationError, message), "{form}");
    }
}

#[test]
fn constraints_are_named_as_aws_names_them() {
    let pattern = Pattern { text: "^[a-z]+$", accepts: |text| text != "A" };
    let name = |input: &mut Input| input.required_text("Name").map(|_| ());
    let scheme = |input: &mut Input| input.choice("Scheme", &[("a", ()), ("b", ())]).map(|_| ());
    let needed = |input: &mut Input| input.required_choice("Scheme", &[("a", ())]);
    let sized = |input: &mut Input| input.required_sized_text("Key", 1..=2).map(|_| ());
    let matching = |input: &mut Input| input.matching_text("Key", &pattern).map(|_| ());
    let weight = |input: &mut Input| weights(input).map(|_| ());
    let groups = "Actions.member.1.ForwardConfig.TargetGroups.member.2";
    let at = "actions.1.member.forwardConfig.targetGroups.2.member.weight";
    for (form, reader, message) in [
        ("", &name as &dyn Fn(&mut Input) -> _, "null at 'name' # not be null"),
        ("Scheme=c", &scheme, "'c' at 'scheme' # satisfy enum value set: [a, b]"),
        ("", &needed, "null at 'scheme' # not be null"),
        ("", &sized, "null at 'key' # not be null"),
        ("Key=", &sized, "'' at 'key' # have length greater than or equal to 1"),
        ("Key=äöü", &sized, "'äöü' at 'key' # have length less than or equal to 2"),
        ("Key=A", &matching, "'A' at 'key' # satisfy regular expression pattern: ^[a-z]+$"),
        (
            &format!("{groups}.Weight=1000"),
            &weight,
            &format!("'1000' at '{at}' # have value less than or equal to 999"),
        ),
        (
            &format!("{groups}.Weight=-1"),
            &weight,
            &format!("'-1' at '{at}' # have value greater than or equal to 0"),
        ),
        (&format!("{groups}.X=1"), &weight, &format!("null at '{at}' # not be null")),
    ] {
        let message = message.replace('#', "failed to satisfy constraint: Member must");
        let message = format!("1 validation error detected: Value {message}");
        assert_eq!(refused(form, reader), (Code::ValidationError, message), "{form}");
    }
}
