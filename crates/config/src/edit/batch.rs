//! Many targets of one group that come and go in one pass: what one after the other would give, byte for byte.

use std::collections::HashMap;

use clingfish_model::{Edit, Name, Setting, TargetId};

use super::{
    Document, EditError,
    block::Block,
    chain::Chain,
    find::Site,
    loose::LooseList,
    places::not_found,
    render,
    targets::{id_of, members},
    tree::Kind,
};

/// The targets of a group, taken apart: found by their ids, and put together once.
struct Batch {
    form: Form,
    /// The numbers of those that are called so, lowest first: a file may say a target twice.
    ids: HashMap<String, Vec<usize>>,
    newline: &'static str,
}

enum Form {
    /// In brackets, and where.
    List(LooseList, Site),
    /// Each a block, with the keys of its header.
    Blocks(Chain, Vec<String>),
}

/// Whether a batch has made a change.
enum Made {
    Yes,
    /// It needs the file whole.
    NotHere,
}

/// The group whose targets a change is about.
pub(super) fn group_of(edit: &Edit) -> Option<&Name> {
    match edit {
        Edit::AddTarget(group, _) | Edit::SetTarget(group, ..) | Edit::RemoveTarget(group, _) => {
            Some(group)
        }
        _ => None,
    }
}

impl Document {
    /// Makes changes that are all about targets of that group.
    pub(super) fn apply_batch(&mut self, group: &Name, edits: &[Edit]) -> Result<(), EditError> {
        let mut rest = edits.iter();
        while rest.len() > 1 {
            if let Some(mut batch) = self.take_apart(group)? {
                let mut done = Ok(Made::Yes);
                while let (Ok(Made::Yes), Some(edit)) = (&done, rest.as_slice().first()) {
                    done = batch.make(group, edit);
                    if matches!(done, Ok(Made::Yes)) {
                        rest.next();
                    }
                }
                self.put_together(batch);
                done?;
            }
            rest.next().map_or(Ok(()), |edit| self.apply_one(edit))?;
        }
        rest.next().map_or(Ok(()), |edit| self.apply_one(edit))
    }

    /// Nothing where a group has no list yet.
    fn take_apart(&mut self, group: &Name) -> Result<Option<Batch>, EditError> {
        let sites = self.sites(&self.target_list(group)?);
        let mut ids: HashMap<String, Vec<usize>> = HashMap::new();
        let mut known = |at: usize, id: Option<String>| {
            if let Some(id) = id {
                ids.entry(id).or_default().push(at);
            }
        };
        let newline = self.newline;
        if let [site] = &*sites
            && let (Some(block), Some(node)) = (self.block(site), self.node(site))
            && let Kind::List(nodes) = &node.kind
        {
            for (at, node) in nodes.iter().enumerate() {
                known(at, id_of(block.text(), node));
            }
            let list = LooseList::new(block.text(), node.at.clone(), &node.things(), newline);
            let form = Form::List(list, site.clone());
            return Ok(Some(Batch { form, ids, newline }));
        }
        if sites.is_empty() || sites.iter().any(|site| !site.route.is_empty()) {
            return Ok(None);
        }
        for site in &sites {
            known(site.block, self.block(site).and_then(block_id));
        }
        let like = sites.iter().map(|site| site.block).collect();
        let chain = Chain::new(std::mem::take(&mut self.blocks), like);
        let keys = vec!["target_groups".into(), group.to_string(), "targets".into()];
        Ok(Some(Batch { form: Form::Blocks(chain, keys), ids, newline }))
    }

    fn put_together(&mut self, batch: Batch) {
        match batch.form {
            Form::List(list, site) => {
                let at = self.node(&site).map(|node| node.at.clone());
                let splices = at.map(|at| (at, list.to_string())).into_iter().collect();
                self.splice(site.block, splices);
            }
            Form::Blocks(chain, _) => {
                self.blocks = chain.into_blocks();
                self.index();
            }
        }
    }
}

impl Batch {
    fn make(&mut self, group: &Name, edit: &Edit) -> Result<Made, EditError> {
        if matches!(&self.form, Form::Blocks(chain, _) if chain.has_none()) {
            return Ok(Made::NotHere);
        }
        match edit {
            Edit::AddTarget(_, setting) => Ok(self.add(setting)),
            Edit::SetTarget(_, id, setting) => {
                let at = self.find(group, id)?;
                Ok(self.set(at, id, setting))
            }
            Edit::RemoveTarget(_, id) => {
                let at = self.find(group, id)?;
                self.forget(at, id.as_str());
                match &mut self.form {
                    Form::List(list, _) => list.remove(at),
                    Form::Blocks(chain, _) => chain.remove(at),
                }
                Ok(Made::Yes)
            }
            _ => Ok(Made::NotHere),
        }
    }

    fn find(&self, group: &Name, id: &TargetId) -> Result<usize, EditError> {
        let found = self.ids.get(id.as_str()).and_then(|all| all.first().copied());
        found.ok_or_else(|| not_found(format!("target {id} in [target_groups.{group}]")))
    }

    fn add(&mut self, setting: &Setting) -> Made {
        let (at, id) = match &mut self.form {
            Form::List(list, _) => {
                let text = render::value(setting);
                let Some(at) = list.append(&text) else { return Made::NotHere };
                (at, read_id(&text))
            }
            Form::Blocks(chain, keys) => {
                let at = chain.add(keys.clone(), &members(setting), self.newline);
                (at, chain.get_mut(at).and_then(|block| block_id(block)))
            }
        };
        self.remember(at, id);
        Made::Yes
    }

    fn set(&mut self, at: usize, id: &TargetId, setting: &Setting) -> Made {
        let newline = self.newline;
        let new = match &mut self.form {
            // What its lines are like is decided by those around it.
            Form::List(list, _) if list.text(at).contains('\n') => return Made::NotHere,
            Form::List(list, _) => {
                let text = format!("t = {}{newline}", list.text(at));
                let Ok(mut alone) = Document::parse(&text) else { return Made::NotHere };
                alone.newline = newline;
                let site = Site { block: 0, route: vec![0] };
                alone.replace_value(&site, "", setting);
                let text = alone.written(&site).to_owned();
                let id = read_id(&text);
                list.overwrite(at, text);
                id
            }
            Form::Blocks(chain, _) => {
                let Some(block) = chain.get_mut(at) else { return Made::NotHere };
                if let Setting::Table(entries) = setting {
                    block.alone(newline, |alone, site| alone.merge(&site, entries));
                }
                block_id(block)
            }
        };
        self.forget(at, id.as_str());
        self.remember(at, new);
        Made::Yes
    }

    fn forget(&mut self, at: usize, id: &str) {
        if let Some(all) = self.ids.get_mut(id) {
            all.retain(|one| *one != at);
        }
    }

    fn remember(&mut self, at: usize, id: Option<String>) {
        if let Some(id) = id {
            let all = self.ids.entry(id).or_default();
            all.insert(all.partition_point(|one| *one < at), at);
        }
    }
}

/// The id of a target that is written so.
fn read_id(text: &str) -> Option<String> {
    let document = Document::parse(&format!("t = {text}\n")).ok()?;
    let site = Site { block: 0, route: vec![0] };
    id_of(document.block(&site)?.text(), document.node(&site)?)
}

fn block_id(block: &Block) -> Option<String> {
    super::targets::id_among(block.text(), block.entries())
}
