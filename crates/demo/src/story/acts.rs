//! The four acts. Each asks, shows what came back, and only then says what it was meant to show.

use tokio::time;

use crate::{
    limits::{PATIENCE, RELOAD_PAUSE},
    story::{StoryError, stage::Stage},
    visitor::{Answer, VisitError, Visitor},
};

/// Visitors that the story sends, until one is placed on the other instance.
const VISITORS_MAX: usize = 8;

/// Who plays on after the second act.
pub(super) struct Cast {
    ada: Visitor,
    ada_home: String,
    /// Ada's first home, which the third act stops.
    stopped: String,
    grace: Visitor,
    grace_home: String,
}

/// Both instances answer, and only one of them knows the visitor.
pub(super) async fn without_stickiness(stage: &mut Stage<'_, '_>) -> Result<(), StoryError> {
    stage.switch(false).await?;
    settle(stage).await?;
    stage.begin(
        "1  Without stickiness",
        "Requests go to the instances in turn, and only one of them knows who signed in.",
    )?;
    let mut ada = stage.visitor();
    let login = ada.post("/login", "name=Ada").await?;
    stage.show_as("POST /login", &login, "Ada signs in")?;
    let mut pages = Vec::new();
    for _ in 0..7 {
        pages.push(ada.get("/").await?);
    }
    stage.show_all("GET  /", &pages)?;
    let others = pages.iter().filter(|page| page.instance != login.instance);
    let others = others.filter(|page| page.is_fine()).count();
    let (all, known) = (pages.len(), knowing(&pages, "Ada"));
    let lost = all - known;
    stage.claim(
        login.is_fine() && (1..all).contains(&others),
        format!("both instances answered: {others} of {all} pages came from the other one"),
    )?;
    stage.claim(
        lost > 0 && pages.iter().all(Answer::is_fine),
        format!("the login was lost: {lost} of {all} pages did not know Ada"),
    )?;
    Ok(())
}

/// Every request of a visitor comes home, and visitors are spread.
pub(super) async fn with_stickiness(stage: &mut Stage<'_, '_>) -> Result<Cast, StoryError> {
    stage.switch(true).await?;
    stage.begin(
        "2  With stickiness",
        "The first answer brings a sealed cookie that names a home; every later request goes there.",
    )?;
    let mut ada = stage.visitor();
    let login = ada.post("/login", "name=Ada").await?;
    stage.show_as("POST /login", &login, "Ada signs in")?;
    let cart = ada.post("/cart", "item=rope").await?;
    stage.show("POST /cart", &cart)?;
    let mut pages = Vec::new();
    for position in 0..10 {
        if position % 3 == 0 {
            ada.hang_up();
        }
        pages.push(ada.get("/").await?);
    }
    stage.show_all("GET  /", &pages)?;
    let echo = ada.echo("/echo", "ahoy").await?;
    stage.show("WebSocket", &echo)?;

    let home = login.instance.clone();
    let (known, all) = (knowing(&pages, "Ada, cart: 1"), pages.len());
    pages.extend([cart, echo]);
    let at_home = pages.iter().filter(|page| is_hit(page, &home)).count();
    let (all_requests, connections) = (pages.len(), ada.connections());
    stage.claim(
        login.verdict == "new" && at_home == all_requests,
        format!("{at_home} of {all_requests} requests came home, over {connections} connections"),
    )?;
    stage.claim(known == all, format!("{known} of {all} pages knew Ada and her cart"))?;
    let (grace, grace_home) = other_visitor(stage, &home).await?;
    Ok(Cast { ada, ada_home: home.clone(), stopped: home, grace, grace_home })
}

/// Sends visitors until one has another home: Grace.
async fn other_visitor(
    stage: &mut Stage<'_, '_>,
    home: &str,
) -> Result<(Visitor, String), StoryError> {
    let mut nth = 1;
    loop {
        let mut grace = stage.visitor();
        let login = grace.post("/login", "name=Grace").await?;
        let found = login.is_fine() && login.verdict == "new" && login.instance != home;
        if !found && nth < VISITORS_MAX {
            nth += 1;
            continue;
        }
        stage.show_as("POST /login", &login, "Grace, another visitor, signs in")?;
        let page = grace.get("/").await?;
        stage.show("GET  /", &page)?;
        stage.claim(
            found && is_hit(&page, &login.instance) && knows(&page, "Grace"),
            "another visitor has the other instance for a home, and is known there".into(),
        )?;
        return Ok((grace, login.instance));
    }
}

/// The home is gone: others serve, first for the moment, then for good.
pub(super) async fn home_stops(
    stage: &mut Stage<'_, '_>,
    cast: &mut Cast,
) -> Result<(), StoryError> {
    let home = cast.stopped.clone();
    stage.begin(
        &format!("3  Ada's home, {home}, stops"),
        "One refused connection moves nobody: it is a detour. A home that stays away is replaced.",
    )?;
    stage.stop(&home).await?;
    let mut pages = pages_until(&mut cast.ada, |page| page.verdict != "detour").await?;
    stage.show_all("GET  /", &pages)?;
    let detours = pages.iter().filter(|page| page.verdict == "detour").count();
    let moved = pages.last().cloned();
    let is_rehomed = moved
        .as_ref()
        .is_some_and(|page| page.verdict == "target_unhealthy" && page.instance != home);
    cast.ada_home = moved.map(|page| page.instance).unwrap_or_default();

    let login = cast.ada.post("/login", "name=Ada").await?;
    let lost = "her session went with her home's memory; Ada signs in again";
    stage.show_as("POST /login", &login, lost)?;
    let mut stays = vec![login];
    for _ in 0..3 {
        cast.ada.hang_up();
        stays.push(cast.ada.get("/").await?);
    }
    stage.show_all("GET  /", stays.get(1..).unwrap_or_default())?;
    let grace = cast.grace.get("/").await?;
    stage.show("GET  /", &grace)?;

    let is_at_home = stays.iter().all(|page| is_hit(page, &cast.ada_home));
    let is_known = stays.iter().all(|page| knows(page, "Ada"));
    pages.extend(stays);
    let errors = pages.iter().filter(|page| !page.is_fine()).count();
    stage.claim(errors == 0, format!("{errors} error pages among {} answers", pages.len()))?;
    stage.claim(
        detours > 0 && is_rehomed,
        format!("{detours} detours, then {} became Ada's new home", cast.ada_home),
    )?;
    stage.claim(is_at_home && is_known, "Ada's next login stays with her new home".into())?;
    stage.claim(
        is_hit(&grace, &cast.grace_home) && knows(&grace, "Grace"),
        "Grace, whose home runs, was not moved and is still known".into(),
    )?;
    Ok(())
}

/// The target is back: for new visitors, and for nobody who has a home.
pub(super) async fn home_returns(
    stage: &mut Stage<'_, '_>,
    cast: &mut Cast,
) -> Result<(), StoryError> {
    let name = cast.stopped.clone();
    stage.begin(
        &format!("4  {name} comes back"),
        "Once its health checks pass, it gets new visitors. Nobody who has a home moves.",
    )?;
    stage.restart(&name).await?;
    let newcomer = newcomer_at(stage, &name).await?;
    if let Some((nth, page)) = &newcomer {
        stage.show_as("GET  /", page, &format!("new visitor number {nth}"))?;
    }
    let mut stayed = true;
    for (visitor, home, who) in
        [(&mut cast.ada, &cast.ada_home, "Ada"), (&mut cast.grace, &cast.grace_home, "Grace")]
    {
        visitor.hang_up();
        let page = visitor.get("/").await?;
        stage.show("GET  /", &page)?;
        stayed &= is_hit(&page, home) && knows(&page, who);
    }
    stage.claim(
        newcomer.is_some_and(|(_, page)| page.verdict == "new"),
        format!("{name} gets new visitors again"),
    )?;
    stage.claim(stayed, "nobody moved: Ada and Grace are where they were".into())?;
    Ok(())
}

/// Sends new visitors until the instance gets one, and says which one it was.
async fn newcomer_at(
    stage: &Stage<'_, '_>,
    name: &str,
) -> Result<Option<(usize, Answer)>, VisitError> {
    let arriving = async {
        let mut nth = 1;
        loop {
            let page = stage.visitor().get("/").await?;
            if page.is_fine() && page.instance == name {
                return Ok(Some((nth, page)));
            }
            nth += 1;
            time::sleep(RELOAD_PAUSE).await;
        }
    };
    time::timeout(PATIENCE, arriving).await.unwrap_or(Ok(None))
}

/// Waits, unseen, until every instance has answered somebody or patience ends: health checks come first.
async fn settle(stage: &Stage<'_, '_>) -> Result<(), VisitError> {
    for name in stage.names() {
        newcomer_at(stage, &name).await?;
    }
    Ok(())
}

/// Loads the page again and again, until one is as wanted or patience ends.
async fn pages_until(
    visitor: &mut Visitor,
    mut is_wanted: impl FnMut(&Answer) -> bool,
) -> Result<Vec<Answer>, VisitError> {
    let mut pages = Vec::new();
    let loading = async {
        loop {
            let page = visitor.get("/").await?;
            let is_last = is_wanted(&page);
            pages.push(page);
            if is_last {
                return Ok::<_, VisitError>(());
            }
            time::sleep(RELOAD_PAUSE).await;
        }
    };
    // Out of patience: the pages so far say why.
    time::timeout(PATIENCE, loading).await.unwrap_or(Ok(()))?;
    visitor.hang_up();
    Ok(pages)
}

/// Whether the page was made by an instance that remembers who signed in.
fn knows(page: &Answer, who: &str) -> bool {
    page.is_fine() && page.text.starts_with(&format!("signed in: {who}"))
}

fn knowing(pages: &[Answer], who: &str) -> usize {
    pages.iter().filter(|page| knows(page, who)).count()
}

/// Whether the balancer found the visitor's home, and it was this one.
fn is_hit(page: &Answer, home: &str) -> bool {
    page.is_fine() && page.verdict == "hit" && page.instance == home
}
