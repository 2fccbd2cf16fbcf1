//! What a service sells and by which rules, kept in memory between holds, so that holding takes one statement.
//!
//! Nothing is sold on old terms: the statement that writes the hold looks for events that change terms ([`store::take_all`] names the kinds) since
//! these were read. Whoever changes prices, policies, services, teams, hours, time off or imported busy times records one in the same transaction.

use super::store::{self, Offer};
use crate::cache::Family;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::{AddOnId, ServiceId};
use crate::scheduling::{self, Outlook};
use sqlx::types::Json;
use std::sync::Arc;

pub(super) struct Terms {
    /// With every extra there is.
    offer: Offer,
    pub outlook: Outlook,
}

impl Terms {
    /// With the asked extras that exist.
    pub(super) fn offer(&self, asked: &[AddOnId]) -> Offer {
        let add_ons = self.offer.add_ons.iter().filter(|add_on| asked.contains(&add_on.id)).cloned().collect();
        Offer { add_ons: Json(add_ons), ..self.offer.clone() }
    }
}

/// # Errors
/// NotFound for an unknown service.
pub(super) async fn get(ctx: &Ctx, service: ServiceId) -> Result<Arc<Terms>> {
    let load = async {
        // first, since its cursor must not be younger than the offer
        let outlook = scheduling::load_outlook(ctx, service).await?;
        let mut db = ctx.db().acquire().await?;
        let offer = store::find_offer(&mut db, service, None, ctx.now(), None, None, ctx.now()).await?.ok_or(Error::NotFound)?;
        Ok(Terms { offer, outlook })
    };
    ctx.house().caches.get_or_load(Family::Terms, service.to_string(), load).await
}

/// They may have changed, and are read again when next needed.
pub(super) async fn forget(ctx: &Ctx, service: ServiceId) {
    ctx.house().caches.forget_one(Family::Terms, &service.to_string()).await;
}
