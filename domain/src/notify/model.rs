//! The kinds of letters.

macro_rules! templates {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a letter is about. The text is stored with each mail.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Template { $($(#[$doc])* $name,)* }

        impl Template {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

templates! {
    ConfirmEmail = "confirm_email",
    ResetPassword = "reset_password",
    ChangeEmail = "change_email",
    /// To the present address, when another one is to take its place.
    EmailChangeRequested = "email_change_requested",
    /// To the old address, after the address was changed.
    EmailChanged = "email_changed",
    PasswordChanged = "password_changed",
    /// Signed in from a browser or system not seen before.
    NewDevice = "new_device",
    ManyFailures = "many_failures",
    /// To someone who registers with an address that already has an account.
    AlreadyRegistered = "already_registered",
    ClaimAccount = "claim_account",
    TeamInvitation = "team_invitation",
    /// A booking made by hand, to be paid by the customer through a link.
    PayBooking = "pay_booking",

    BookingConfirmed = "booking_confirmed",
    BookingRequested = "booking_requested",
    BookingAccepted = "booking_accepted",
    BookingDeclined = "booking_declined",
    /// Nobody answered the request in time.
    BookingLapsed = "booking_lapsed",
    BookingChanged = "booking_changed",
    /// The provider would like another time and needs the customer's yes.
    ChangeProposed = "change_proposed",
    BookingCancelled = "booking_cancelled",
    /// The provider says that the customer was not there.
    CustomerAbsent = "customer_absent",
    /// To the customer, after they said so: everything comes back.
    ProviderAbsent = "provider_absent",
    BookingReminder = "booking_reminder",
    ReviewRequest = "review_request",
    PaymentFailed = "payment_failed",

    ProviderNewBooking = "provider_new_booking",
    ProviderNewRequest = "provider_new_request",
    ProviderBookingChanged = "provider_booking_changed",
    ProviderBookingCancelled = "provider_booking_cancelled",
    /// The customer says that nobody came.
    ProviderSaidAbsent = "provider_said_absent",

    ApplicationReceived = "application_received",
    ApplicationApproved = "application_approved",
    ApplicationRejected = "application_rejected",
    ProviderSuspended = "provider_suspended",
    ProviderReinstated = "provider_reinstated",
}

impl Template {
    /// Carries a secret link: its text is erased as soon as it was handed over.
    pub const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::ConfirmEmail
                | Self::AlreadyRegistered
                | Self::ResetPassword
                | Self::ChangeEmail
                | Self::ClaimAccount
                | Self::TeamInvitation
                | Self::PayBooking
        )
    }
    /// Goes to the staff who answer for the provider.
    pub const fn is_for_provider(self) -> bool {
        matches!(
            self,
            Self::ProviderNewBooking
                | Self::ProviderNewRequest
                | Self::ProviderBookingChanged
                | Self::ProviderBookingCancelled
                | Self::ProviderSaidAbsent
                | Self::ApplicationReceived
                | Self::ApplicationApproved
                | Self::ApplicationRejected
                | Self::ProviderSuspended
                | Self::ProviderReinstated
        )
    }
}
