//! Where a business is on the map, from the address it gives.

use super::model::{ProfileInput, ProviderView};
use crate::ctx::Ctx;
use crate::error::Result;

/// The profile with the position of its address, and with the parts of it that people left out. A position that was typed is believed, unless
/// the address has changed and the position has not: then it is that of the address before.
pub(super) async fn locate(ctx: &Ctx, mut profile: ProfileInput, before: Option<&ProviderView>) -> Result<ProfileInput> {
    let has_moved_alone = before.is_some_and(|was| {
        (was.lat, was.lng) == (profile.lat, profile.lng)
            && (&was.street, &was.district, &was.town) != (&profile.street, &profile.district, &profile.town)
    });
    if profile.lat.is_some() && !has_moved_alone {
        return Ok(profile);
    }
    let words = [&profile.street, &profile.district, &profile.town];
    let words: Vec<&str> = words.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let Some(place) = crate::place::find(ctx, &words.join(", ")).await? else { return Ok(profile) };
    // streets of one name stand in many towns
    if !profile.town.is_empty() && place.town.to_lowercase() != profile.town.to_lowercase() {
        return Ok(profile);
    }
    (profile.lat, profile.lng) = (Some(place.lat), Some(place.lng));
    for (part, known) in [(&mut profile.district, place.district), (&mut profile.postcode, place.postcode)] {
        if part.is_empty() {
            *part = known;
        }
    }
    Ok(profile)
}
