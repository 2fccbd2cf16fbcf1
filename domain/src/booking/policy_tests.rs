use super::*;
use crate::time::{HOUR, MINUTE};
use proptest::prelude::*;

fn tiers() -> Vec<Tier> {
    vec![Tier { before_min: 1440, refund_bp: 10_000 }, Tier { before_min: 120, refund_bp: 7_500 }, Tier { before_min: 0, refund_bp: 5_000 }]
}
fn start() -> Instant {
    "2026-06-12T14:00:00Z".parse().expect("an instant")
}
fn lines(service: i64, tip: i64, tax_bp: i64, commission_bp: i64) -> Price {
    price(PriceInput { service_minor: service, add_ons_minor: &[], discount_minor: 0, tip_minor: tip, tax_bp, commission_bp })
}
fn customer_cancels(price: &Price, before: &RefundSoFar, lowest: i64, at: Instant) -> RefundLines {
    refund(price, before, &tiers(), lowest, start(), false, Cause::CustomerCancels { at })
}

#[test]
fn the_example_of_the_product_page() {
    let p = lines(10_000, 500, 0, 1_000);
    assert_eq!((p.total(), p.commission_minor, p.earned()), (10_500, 1_000, 9_500));
}

#[test]
fn commission_halves_go_to_the_provider() {
    // 10 % of 1.05 is 10.5 cents, of 1.15 is 11.5, of 1.06 is 10.6
    for (service, commission) in [(105, 10), (115, 11), (106, 11), (104, 10), (5, 0), (0, 0), (1, 0)] {
        assert_eq!(lines(service, 0, 0, 1_000).commission_minor, commission, "{service}");
    }
}

#[test]
fn discounts_never_exceed_the_service() {
    let p = price(PriceInput {
        service_minor: 1_000,
        add_ons_minor: &[200, 300],
        discount_minor: 9_999,
        tip_minor: 50,
        tax_bp: 2_000,
        commission_bp: 1_000,
    });
    assert_eq!((p.base(), p.tax_minor, p.commission_minor, p.total()), (0, 0, 0, 50));
}

#[test]
fn tiers_by_the_moment_of_cancelling() {
    let cases = [
        (-48 * HOUR, 10_000),
        (-24 * HOUR, 10_000),
        (-24 * HOUR + 1, 7_500),
        (-2 * HOUR, 7_500),
        (-2 * HOUR + 1, 5_000),
        (-1, 5_000),
        (0, 0),
        (HOUR, 0),
    ];
    for (offset, bp) in cases {
        assert_eq!(tier_at(&tiers(), start(), start() + offset), bp, "{offset}");
    }
}

#[test]
fn amounts_of_the_reference_page() {
    let p = lines(10_000, 500, 0, 1_000);
    for (hours, total) in [(30, 10_500), (10, 8_000), (1, 5_500)] {
        assert_eq!(customer_cancels(&p, &RefundSoFar::default(), 10_000, start().plus_hours(-hours)).total(), total);
    }
    assert_eq!(customer_cancels(&p, &RefundSoFar::default(), 10_000, start()).total(), 0);
}

#[test]
fn tax_follows_in_proportion_and_the_tip_comes_back_whole() {
    let p = lines(10_000, 700, 2_000, 1_000);
    let back = customer_cancels(&p, &RefundSoFar::default(), 10_000, start().plus_hours(-3));
    assert_eq!((back.service_minor, back.tax_minor, back.tip_minor, back.commission_minor), (7_500, 1_500, 700, 750));
}

#[test]
fn a_started_job_keeps_its_tip() {
    let p = lines(10_000, 700, 0, 1_000);
    let back = refund(&p, &RefundSoFar::default(), &tiers(), 10_000, start(), true, Cause::CustomerCancels { at: start().plus_hours(-1) });
    assert_eq!(back.tip_minor, 0);
    assert_eq!(refund(&p, &RefundSoFar::default(), &tiers(), 10_000, start(), true, Cause::Whole).total(), p.total());
    assert_eq!(refund(&p, &RefundSoFar::default(), &tiers(), 10_000, start(), false, Cause::CustomerNoShow).total(), 0);
}

#[test]
fn earlier_refunds_shrink_the_base() {
    let p = lines(10_000, 0, 0, 1_000);
    let before = RefundSoFar { service_minor: 4_000, commission_minor: 400, ..RefundSoFar::default() };
    let back = customer_cancels(&p, &before, 10_000, start().plus_hours(-3));
    assert_eq!((back.service_minor, back.commission_minor), (4_500, 450));
}

#[test]
fn moving_cannot_buy_a_better_refund() {
    let p = lines(10_000, 0, 0, 1_000);
    assert_eq!(customer_cancels(&p, &RefundSoFar::default(), 5_000, start().plus_days(-5)).service_minor, 5_000);
    assert_eq!(
        steps(&tiers(), start(), 7_500),
        vec![Step { until: start().plus_hours(-2), refund_bp: 7_500 }, Step { until: start(), refund_bp: 5_000 },]
    );
}

#[test]
fn the_scale_names_each_stretch() {
    assert_eq!(
        steps(&tiers(), start(), 10_000),
        vec![
            Step { until: start().plus_hours(-24), refund_bp: 10_000 },
            Step { until: start().plus_hours(-2), refund_bp: 7_500 },
            Step { until: start(), refund_bp: 5_000 },
        ]
    );
    assert_eq!(next_step_at(&tiers(), start(), 10_000, start().plus_hours(-30)), Some(start().plus_hours(-24)));
    assert_eq!(next_step_at(&tiers(), start(), 10_000, start().plus_hours(-1)), Some(start()));
    assert_eq!(next_step_at(&tiers(), start(), 10_000, start()), None);
    assert_eq!(steps(&[], start(), 10_000), vec![Step { until: start(), refund_bp: 0 }]);
}

#[test]
fn a_request_lapses_at_the_earlier_moment() {
    let asked = start().plus_days(-3);
    assert_eq!(answer_by(asked, start()), asked.plus_hours(24));
    assert_eq!(answer_by(start().plus_hours(-5), start()), start().plus_hours(-1));
}

#[test]
fn only_the_written_steps_follow() {
    use Status::*;
    let allowed = [
        (Held, Confirmed),
        (Held, Requested),
        (Held, Expired),
        (Held, Cancelled),
        (Requested, Confirmed),
        (Requested, Declined),
        (Requested, Expired),
        (Requested, Cancelled),
        (Confirmed, InProgress),
        (Confirmed, Completed),
        (Confirmed, NoShow),
        (Confirmed, Cancelled),
        (InProgress, Completed),
        (Expired, Confirmed),
        (Expired, Requested),
    ];
    for &from in Status::ALL {
        for &to in Status::ALL {
            assert_eq!(may_follow(from, to), allowed.contains(&(from, to)), "{from} to {to}");
        }
    }
}

fn facts(status: Status) -> BookingFacts {
    BookingFacts {
        status,
        starts_at: start(),
        ends_at: start().plus_minutes(90),
        hold_expires_at: Some(start().plus_hours(-47)),
        answer_by: Some(start().plus_hours(-24)),
        completed_at: Some(start().plus_minutes(90)),
        proposal_by: None,
        is_on_the_way: false,
        needs_card: false,
        is_by_hand: false,
    }
}

#[test]
fn who_may_what_when() {
    use Action::*;
    use ViewerRole::*;
    let early = start().plus_hours(-48);
    let cases = [
        (Status::Held, Customer, early, vec![Pay, Release, Edit]),
        (Status::Held, Customer, start().plus_hours(-47), vec![Release, Edit]),
        (Status::Held, Staff, early, vec![]),
        (Status::Requested, Customer, early, vec![Edit, Cancel]),
        (Status::Requested, Staff, early, vec![Approve, Decline, Cancel]),
        (Status::Requested, Staff, start().plus_hours(-24), vec![Cancel]),
        (Status::Confirmed, Customer, early, vec![Reschedule, Edit, Cancel]),
        (Status::Confirmed, Staff, early, vec![Reschedule, Cancel]),
        (Status::Confirmed, Staff, start().plus_minutes(-61), vec![OnTheWay, RunningLate, Reschedule, Cancel]),
        (Status::Confirmed, Staff, start().plus_minutes(-60), vec![Start, OnTheWay, RunningLate, Reschedule, Cancel]),
        (Status::Confirmed, Customer, start() + 14 * MINUTE, vec![Edit, Cancel]),
        (Status::Confirmed, Customer, start() + 15 * MINUTE, vec![Edit, Action::NoShow, Cancel]),
        (Status::Confirmed, Staff, start().plus_minutes(90), vec![Start, Complete, Action::NoShow, Cancel]),
        (Status::InProgress, Staff, start() + MINUTE, vec![Complete]),
        (Status::InProgress, Customer, start() + MINUTE, vec![]),
        (Status::Completed, Customer, start().plus_days(2), vec![Review, BookAgain]),
        (Status::Completed, Staff, start().plus_days(2), vec![Review]),
        (Status::Completed, Customer, start().plus_days(8), vec![BookAgain]),
        (Status::Expired, Customer, early, vec![BookAgain]),
        (Status::Declined, Staff, early, vec![]),
        (Status::Cancelled, Customer, early, vec![BookAgain]),
    ];
    for (status, role, at, expected) in cases {
        assert_eq!(actions(role, &facts(status), at), expected, "{status} {role:?} {at}");
    }
}

#[test]
fn the_other_side_answers_a_proposal() {
    let by = |side| BookingFacts { proposal_by: Some(side), ..facts(Status::Confirmed) };
    let early = start().plus_hours(-48);
    assert!(may(Action::Consent, ViewerRole::Customer, &by(Side::Provider), early));
    assert!(!may(Action::Consent, ViewerRole::Staff, &by(Side::Provider), early));
    assert!(may(Action::Refuse, ViewerRole::Staff, &by(Side::Customer), early));
    assert!(!may(Action::Refuse, ViewerRole::Customer, &by(Side::Customer), early));
    assert!(!may(Action::Reschedule, ViewerRole::Customer, &by(Side::Provider), early));
    assert!(may(Action::Withdraw, ViewerRole::Staff, &by(Side::Provider), early));
    assert!(!may(Action::Withdraw, ViewerRole::Customer, &by(Side::Provider), early));
}

#[test]
fn a_team_gives_back_only_what_it_holds_itself() {
    let early = start().plus_hours(-48);
    let own = BookingFacts { is_by_hand: true, ..facts(Status::Held) };
    assert!(may(Action::Release, ViewerRole::Staff, &own, early) && may(Action::Release, ViewerRole::Customer, &own, early));
    assert!(!may(Action::Release, ViewerRole::Staff, &facts(Status::Held), early));
    assert!(!may(Action::Release, ViewerRole::Staff, &BookingFacts { is_by_hand: true, ..facts(Status::Confirmed) }, early));
}

#[test]
fn a_failed_card_is_asked_for_until_the_deadline() {
    let failed = BookingFacts { needs_card: true, ..facts(Status::Requested) };
    assert!(may(Action::Pay, ViewerRole::Customer, &failed, start().plus_hours(-48)));
    assert!(!may(Action::Pay, ViewerRole::Customer, &failed, start().plus_hours(-24)));
    assert!(!may(Action::Pay, ViewerRole::Staff, &failed, start().plus_hours(-48)));
}

#[test]
fn tips_stay_within_the_service() {
    let p = lines(4_500, 0, 0, 1_000);
    assert!(check_tip(0, &p).is_ok() && check_tip(4_500, &p).is_ok());
    assert!(check_tip(-1, &p).is_err() && check_tip(4_501, &p).is_err());
    assert_eq!(tip_choices(&lines(10_000, 0, 0, 0), 100), [0, 500, 1_000, 1_500]);
    for service in [0, 1, 50, 300, 999, 12_345, 1_000_000] {
        let choices = tip_choices(&lines(service, 0, 0, 0), 100);
        assert!(choices.windows(2).all(|w| w[0] <= w[1]), "{choices:?}");
        assert!(choices.iter().all(|&tip| check_tip(tip, &lines(service, 0, 0, 0)).is_ok()), "{choices:?}");
    }
}

#[test]
fn references_have_no_look_alikes() {
    assert_eq!(reference(0), "FT-222222");
    for n in 0..1_000_u64 {
        let text = reference(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        assert_eq!(text.len(), 9);
        assert!(!text[3..].contains(['0', '1', 'I', 'L', 'O', 'U']));
    }
}

prop_compose! {
    fn any_price()(service in 0_i64..10_000_000, add_ons in prop::collection::vec(0_i64..100_000, 0..4), discount in 0_i64..1_000_000, tip in 0_i64..1_000_000, tax_bp in 0_i64..=10_000, commission_bp in 0_i64..=10_000) -> Price {
        price(PriceInput { service_minor: service, add_ons_minor: &add_ons, discount_minor: discount, tip_minor: tip, tax_bp, commission_bp })
    }
}

proptest! {
    #[test]
    fn customer_pays_what_the_others_get(p in any_price()) {
        prop_assert_eq!(p.total(), p.earned() + p.commission_minor + p.tax_minor);
        prop_assert!(p.commission_minor <= p.base() && p.earned() >= 0);
    }

    /// However often parts went back before, the whole is never exceeded, and a whole refund in the end returns exactly everything.
    #[test]
    fn refunds_add_up(p in any_price(), offsets in prop::collection::vec(-72 * HOUR..2 * HOUR, 0..6)) {
        let mut so_far = RefundSoFar::default();
        for offset in offsets {
            let r = customer_cancels(&p, &so_far, 10_000, start() + offset);
            prop_assert!(r.service_minor >= 0 && r.tax_minor >= 0 && r.tip_minor >= 0 && r.commission_minor >= 0);
            so_far.service_minor += r.service_minor;
            so_far.tax_minor += r.tax_minor;
            so_far.tip_minor += r.tip_minor;
            so_far.commission_minor += r.commission_minor;
            prop_assert!(so_far.service_minor <= p.base() && so_far.tax_minor <= p.tax_minor && so_far.tip_minor <= p.tip_minor && so_far.commission_minor <= p.commission_minor);
            // cumulatively the rounded share, so no sequence of partial refunds drifts
            if so_far.service_minor > 0 {
                prop_assert_eq!(so_far.commission_minor, share(p.commission_minor, so_far.service_minor, p.base(), Halves::Up));
                prop_assert_eq!(so_far.tax_minor, share(p.tax_minor, so_far.service_minor, p.base(), Halves::Up));
            }
        }
        let last = refund(&p, &so_far, &tiers(), 10_000, start(), true, Cause::Whole);
        prop_assert_eq!(so_far.service_minor + last.service_minor, p.base());
        prop_assert_eq!(so_far.tip_minor + last.tip_minor, p.tip_minor);
        if last.service_minor > 0 {
            prop_assert_eq!(so_far.tax_minor + last.tax_minor, p.tax_minor);
            prop_assert_eq!(so_far.commission_minor + last.commission_minor, p.commission_minor);
        }
    }

    /// The later one cancels, the less comes back.
    #[test]
    fn waiting_never_pays(p in any_price(), a in -72 * HOUR..2 * HOUR, later in 0..48 * HOUR, lowest in 0_i64..=10_000) {
        let first = customer_cancels(&p, &RefundSoFar::default(), lowest, start() + a);
        let second = customer_cancels(&p, &RefundSoFar::default(), lowest, start() + a + later);
        prop_assert!(second.total() <= first.total());
    }

    /// The scale shown and the refund made are the same numbers.
    #[test]
    fn the_scale_tells_the_truth(offset in -72 * HOUR..0, lowest in 0_i64..=10_000) {
        let at = start() + offset;
        let shown = steps(&tiers(), start(), lowest).into_iter().find(|s| at <= s.until).map(|s| s.refund_bp);
        prop_assert_eq!(shown, Some(tier_at(&tiers(), start(), at).min(lowest)));
    }
}
