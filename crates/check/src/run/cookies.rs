//! The balancer's cookies, looked at.

use super::ground::Ground;
use crate::{
    client::CheckError, clock, hygiene, hygiene::Remark, promise::Judgement, set_cookie::SetCookie,
};

impl Ground<'_> {
    pub(super) async fn cookie_flags(&mut self) -> Result<Judgement, CheckError> {
        let url = self.client.url();
        self.look(|cookie, _| hygiene::flags(cookie, url)).await
    }

    pub(super) async fn cookie_scope(&mut self) -> Result<Judgement, CheckError> {
        let answers: Vec<Vec<SetCookie>> =
            self.fresh.iter().flatten().map(|answer| answer.cookies().collect()).collect();
        self.look(|cookie, _| {
            let lines = answers.iter().find(|lines| lines.contains(cookie));
            hygiene::scope(cookie, lines.map_or(&[], Vec::as_slice))
        })
        .await
    }

    pub(super) async fn cookie_life(&mut self) -> Result<Judgement, CheckError> {
        let now = clock::unix_seconds();
        self.look(|cookie, _| hygiene::life(cookie, now)).await
    }

    pub(super) async fn cookie_opaque(&mut self) -> Result<Judgement, CheckError> {
        self.look(hygiene::opaque).await
    }

    async fn look(
        &mut self,
        mut at: impl FnMut(&SetCookie, &[String]) -> Vec<Remark>,
    ) -> Result<Judgement, CheckError> {
        let cookies = self.affinity_cookies().await?;
        let remarks = cookies.iter().flat_map(|cookie| at(cookie, &self.targets)).collect();
        Ok(hygiene::judge(&cookies, remarks))
    }
}
