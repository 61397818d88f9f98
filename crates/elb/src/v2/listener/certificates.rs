//! Further certificates of a listener: `AddListenerCertificates`, `RemoveListenerCertificates`, `DescribeListenerCertificates`.

use clingfish_model::{Listener, ListenerTls, Place};

use super::{pinned, refuse_empty, tls};
use crate::{Code, Error, Input, Members, Plan, World, page::Page, v2::certificate};

/// `AddListenerCertificates`. What is there already is there once.
pub(crate) fn add(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (arn, listener, wanted) = read(input, world)?;
    for one in &wanted {
        certificate::setting(one, world)?;
    }
    let mut arns = arns_of(listener, world)?;
    let new: Vec<_> = wanted.iter().filter(|one| !arns.contains(one)).cloned().collect();
    arns.extend(new.iter().cloned());
    if arns.len() > ListenerTls::CERTIFICATES_MAX {
        let message = format!(
            "A listener cannot have more than '{}' certificates",
            ListenerTls::CERTIFICATES_MAX
        );
        return Err(Error::new(Code::TooManyCertificates, message));
    }
    let members = wanted.iter().map(|one| members(one, false));
    let reply = Members::default().list("Certificates", members);
    if new.is_empty() {
        return Ok(Plan::read(reply));
    }
    let edits = edits(listener, &arns, world)?;
    Ok(Plan::change(arn, edits, move |_| Ok(reply)))
}

/// `RemoveListenerCertificates`. What is not there is no error.
pub(crate) fn remove(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (arn, listener, unwanted) = read(input, world)?;
    let arns = arns_of(listener, world)?;
    if let Some(default) = arns.first().filter(|default| unwanted.contains(default)) {
        let message = format!(
            "The default certificate '{default}' cannot be removed from the listener: replace it with ModifyListener"
        );
        return Err(Error::new(Code::OperationNotPermitted, message));
    }
    let left: Vec<_> = arns.iter().filter(|one| !unwanted.contains(one)).cloned().collect();
    if left.len() == arns.len() {
        return Ok(Plan::read(Members::default()));
    }
    Ok(Plan::silent(arn, edits(listener, &left, world)?))
}

/// `DescribeListenerCertificates`: the default one first.
pub(crate) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("ListenerArn")?;
    let page = Page::read(input)?;
    let tls = world.listener(&arn)?.tls.as_ref();
    let files = tls.into_iter().flat_map(|tls| &tls.certificates).enumerate();
    let all = files.map(|(at, files)| (at > 0, certificate::arn(files, world))).collect();
    let (shown, next) =
        page.cut(all, |(is_further, arn)| format!("{} {arn}", u8::from(*is_further)));
    let shown = shown.iter().map(|(is_further, arn)| members(arn, !is_further));
    Ok(Plan::read(Members::default().list("Certificates", shown).some_text("NextMarker", next)))
}

fn read<'w>(
    input: &mut Input,
    world: &'w World<'_>,
) -> Result<(String, &'w Listener, Vec<String>), Error> {
    let arn = input.required_text("ListenerArn")?;
    let listener = world.listener(&arn)?;
    let certificates = tls::read_certificates(input)?;
    let certificates = input.required("Certificates", certificates)?;
    refuse_empty(&certificates, "certificates")?;
    Ok((arn, listener, certificates))
}

fn arns_of(listener: &Listener, world: &World<'_>) -> Result<Vec<String>, Error> {
    let tls = listener.tls.as_ref().ok_or_else(|| {
        let message = "Certificates can only be specified for HTTPS listeners";
        Error::new(Code::InvalidConfigurationRequest, message)
    })?;
    Ok(tls.certificates.iter().map(|files| certificate::arn(files, world)).collect())
}

fn edits(
    listener: &Listener,
    arns: &[String],
    world: &World<'_>,
) -> Result<Vec<clingfish_model::Edit>, Error> {
    let arns: Vec<_> = arns.iter().map(String::as_str).collect();
    let place = Place::Listener(listener.name.clone());
    let mut edits = pinned(listener);
    edits.push(tls::certificates_edit(&place, &arns, world)?);
    Ok(edits)
}

fn members(arn: &str, is_default: bool) -> Members {
    Members::default().text("CertificateArn", arn).value("IsDefault", is_default)
}
