//! The operator's calls. Sessions of admins, or their tokens with `admin:read` and `admin:write`.

use super::extract::{Json, Path, Query, page};
use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use crate::web::caller::Caller;
use domain::admin::{
    self, AuditFilter, AuditLine, BookingFilter, BookingLine, CategoryLine, Overview, PaymentDetail, PaymentFilter, PaymentLine,
    PeopleFilter, PersonLine, PersonView, ProviderFilter, ProviderLine, RefundPreview, SaveCategory, SystemView,
};
use domain::id::{AccountId, CategoryId, JobId, MailId, PaymentId, ProviderId};
use domain::page::Page;
use domain::settings::{ChangeSettings, Settings};
use domain::time::Date;
use domain::{account, provider};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OverviewQuery {
    /// 1 to 366, including today.
    #[serde(default = "default_days")]
    days: i64,
    /// ISO 4217; without it the one most used.
    currency: Option<String>,
}

fn default_days() -> i64 {
    28
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BookingsQuery {
    /// A reference, or part of a name or address.
    q: Option<String>,
    status: Option<String>,
    provider: Option<ProviderId>,
    customer: Option<AccountId>,
    made_from: Option<Date>,
    made_to: Option<Date>,
    starts_from: Option<Date>,
    starts_to: Option<Date>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PeopleQuery {
    /// Part of a name, address or phone.
    q: Option<String>,
    /// `admin`, `support`, `staff`, `guest`, `suspended`, `unconfirmed`, `any`.
    kind: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProvidersQuery {
    q: Option<String>,
    status: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PaymentsQuery {
    /// A booking's reference, a payer's address, or an id of ours or the gateway's.
    q: Option<String>,
    status: Option<String>,
    /// `unresolved` or `refund_failed`.
    trouble: Option<String>,
    paid_from: Option<Date>,
    paid_to: Option<Date>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Part of a name or address, or an account's id.
    who: Option<String>,
    /// An action or its beginning, such as `booking.`.
    action: Option<String>,
    /// A kind, an id, or `kind:id`.
    subject: Option<String>,
    from: Option<Date>,
    to: Option<Date>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AmountQuery {
    amount_minor: i64,
}

#[derive(Deserialize, ToSchema)]
struct GivenReason {
    /// 3 to 500 characters; stays in the audit.
    reason: String,
}

#[derive(Deserialize, ToSchema)]
struct Decision {
    is_approved: bool,
    /// Required for a rejection.
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Saved {
    id: CategoryId,
}

#[utoipa::path(get, path = "/admin/overview", tag = "admin", params(OverviewQuery), responses((status = 200, body = Overview), (status = 403, body = ProblemBody)))]
async fn overview(Caller(ctx): Caller, Query(query): Query<OverviewQuery>) -> Result<Json<Overview>, Problem> {
    Ok(Json(admin::get_overview(&ctx, query.days, query.currency.as_deref()).await?))
}

#[utoipa::path(get, path = "/admin/bookings", tag = "admin", params(BookingsQuery), responses((status = 200, body = Page<BookingLine>), (status = 403, body = ProblemBody)))]
async fn bookings(Caller(ctx): Caller, Query(query): Query<BookingsQuery>) -> Result<Json<Page<BookingLine>>, Problem> {
    let BookingsQuery { q, status, provider, customer, made_from, made_to, starts_from, starts_to, limit, cursor } = query;
    let filter = BookingFilter { q, status, provider, customer, made_from, made_to, starts_from, starts_to, sort: None };
    Ok(Json(admin::list_bookings(&ctx, &filter, &page(limit, cursor)?).await?))
}

#[utoipa::path(get, path = "/admin/people", tag = "admin", params(PeopleQuery), responses((status = 200, body = Page<PersonLine>), (status = 403, body = ProblemBody)))]
async fn people(Caller(ctx): Caller, Query(query): Query<PeopleQuery>) -> Result<Json<Page<PersonLine>>, Problem> {
    let PeopleQuery { q, kind, limit, cursor } = query;
    Ok(Json(admin::list_people(&ctx, &PeopleFilter { q, kind, sort: None }, &page(limit, cursor)?).await?))
}

#[utoipa::path(get, path = "/admin/people/{id}", tag = "admin", params(("id" = AccountId, Path)), responses((status = 200, body = PersonView), (status = 404, body = ProblemBody)))]
async fn person(Caller(ctx): Caller, Path(id): Path<AccountId>) -> Result<Json<PersonView>, Problem> {
    Ok(Json(admin::get_person(&ctx, id).await?))
}

/// Ends every session and refuses sign-in. Bookings stand.
#[utoipa::path(post, path = "/admin/people/{id}/suspension", tag = "admin", params(("id" = AccountId, Path)), request_body = GivenReason,
    responses((status = 204), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn suspend_person(Caller(ctx): Caller, Path(id): Path<AccountId>, Json(input): Json<GivenReason>) -> Result<StatusCode, Problem> {
    account::suspend(&ctx, id, &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/admin/people/{id}/reinstatement", tag = "admin", params(("id" = AccountId, Path)), request_body = GivenReason,
    responses((status = 204), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn reinstate_person(Caller(ctx): Caller, Path(id): Path<AccountId>, Json(input): Json<GivenReason>) -> Result<StatusCode, Problem> {
    account::end_suspension(&ctx, id, &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/admin/providers", tag = "admin", params(ProvidersQuery), responses((status = 200, body = Page<ProviderLine>), (status = 403, body = ProblemBody)))]
async fn providers(Caller(ctx): Caller, Query(query): Query<ProvidersQuery>) -> Result<Json<Page<ProviderLine>>, Problem> {
    let page = page(query.limit, query.cursor)?;
    Ok(Json(admin::list_providers(&ctx, &ProviderFilter { q: query.q, status: query.status, sort: None }, &page).await?.0))
}

/// Decides about an application.
#[utoipa::path(post, path = "/admin/providers/{id}/approval", tag = "admin", params(("id" = ProviderId, Path)), request_body = Decision,
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn decide(Caller(ctx): Caller, Path(id): Path<ProviderId>, Json(input): Json<Decision>) -> Result<StatusCode, Problem> {
    match input.is_approved {
        true => provider::approve(&ctx, id, input.reason.as_deref()).await?,
        false => provider::reject(&ctx, id, &input.reason.unwrap_or_default()).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Hides the provider and stops new bookings. Existing ones stand.
#[utoipa::path(post, path = "/admin/providers/{id}/suspension", tag = "admin", params(("id" = ProviderId, Path)), request_body = GivenReason,
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn suspend_provider(Caller(ctx): Caller, Path(id): Path<ProviderId>, Json(input): Json<GivenReason>) -> Result<StatusCode, Problem> {
    provider::suspend(&ctx, id, &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/admin/providers/{id}/reinstatement", tag = "admin", params(("id" = ProviderId, Path)), request_body = GivenReason,
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn reinstate_provider(
    Caller(ctx): Caller,
    Path(id): Path<ProviderId>,
    Json(input): Json<GivenReason>,
) -> Result<StatusCode, Problem> {
    provider::reinstate(&ctx, id, Some(&input.reason)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/admin/payments", tag = "admin", params(PaymentsQuery), responses((status = 200, body = Page<PaymentLine>), (status = 403, body = ProblemBody)))]
async fn payments(Caller(ctx): Caller, Query(query): Query<PaymentsQuery>) -> Result<Json<Page<PaymentLine>>, Problem> {
    let PaymentsQuery { q, status, trouble, paid_from, paid_to, limit, cursor } = query;
    let filter = PaymentFilter { q, status, trouble, paid_from, paid_to, payer: None, sort: None };
    Ok(Json(admin::list_payments(&ctx, &filter, &page(limit, cursor)?).await?))
}

#[utoipa::path(get, path = "/admin/payments/{id}", tag = "admin", params(("id" = PaymentId, Path)), responses((status = 200, body = PaymentDetail), (status = 404, body = ProblemBody)))]
async fn payment(Caller(ctx): Caller, Path(id): Path<PaymentId>) -> Result<Json<PaymentDetail>, Problem> {
    Ok(Json(admin::get_payment(&ctx, id).await?))
}

/// What a refund by hand would do; `POST /payments/{id}/refunds` does it.
#[utoipa::path(get, path = "/admin/payments/{id}/refund", tag = "admin", params(("id" = PaymentId, Path), AmountQuery),
    responses((status = 200, body = RefundPreview), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn preview_refund(
    Caller(ctx): Caller,
    Path(id): Path<PaymentId>,
    Query(query): Query<AmountQuery>,
) -> Result<Json<RefundPreview>, Problem> {
    Ok(Json(admin::preview_refund(&ctx, id, query.amount_minor).await?))
}

#[utoipa::path(get, path = "/admin/settings", tag = "admin", responses((status = 200, body = Settings), (status = 403, body = ProblemBody)))]
async fn settings(Caller(ctx): Caller) -> Result<Json<Settings>, Problem> {
    Ok(Json(admin::get_settings(&ctx).await?))
}

/// Absent members stay as they are; effective at once.
#[utoipa::path(patch, path = "/admin/settings", tag = "admin", request_body = Settings, responses((status = 200, body = Settings), (status = 422, body = ProblemBody)))]
async fn change_settings(Caller(ctx): Caller, Json(change): Json<ChangeSettings>) -> Result<Json<Settings>, Problem> {
    Ok(Json(admin::change_settings(&ctx, &change).await?))
}

#[utoipa::path(get, path = "/admin/categories", tag = "admin", responses((status = 200, body = Page<CategoryLine>), (status = 403, body = ProblemBody)))]
async fn categories(Caller(ctx): Caller) -> Result<Json<Page<CategoryLine>>, Problem> {
    Ok(Json(Page::whole(admin::list_categories(&ctx).await?)))
}

/// Makes one, or changes the one of this id.
#[utoipa::path(post, path = "/admin/categories", tag = "admin", request_body = SaveCategory, responses((status = 200, body = Saved), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn save_category(Caller(ctx): Caller, Json(input): Json<SaveCategory>) -> Result<Json<Saved>, Problem> {
    Ok(Json(Saved { id: admin::save_category(&ctx, input).await? }))
}

#[utoipa::path(get, path = "/admin/audit", tag = "admin", params(AuditQuery), responses((status = 200, body = Page<AuditLine>), (status = 403, body = ProblemBody)))]
async fn audit(Caller(ctx): Caller, Query(query): Query<AuditQuery>) -> Result<Json<Page<AuditLine>>, Problem> {
    let AuditQuery { who, action, subject, from, to, limit, cursor } = query;
    Ok(Json(admin::list_audit(&ctx, &AuditFilter { who, action, subject, from, to, sort: None }, &page(limit, cursor)?).await?))
}

#[utoipa::path(get, path = "/admin/system", tag = "admin", responses((status = 200, body = SystemView), (status = 403, body = ProblemBody)))]
async fn system(Caller(ctx): Caller) -> Result<Json<SystemView>, Problem> {
    Ok(Json(admin::get_system(&ctx).await?))
}

/// A job that has given up gets a new life.
#[utoipa::path(post, path = "/admin/jobs/{id}/retry", tag = "admin", params(("id" = JobId, Path)), responses((status = 204), (status = 404, body = ProblemBody)))]
async fn retry_job(Caller(ctx): Caller, Path(id): Path<JobId>) -> Result<StatusCode, Problem> {
    admin::retry_job(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A refused letter is sent once more.
#[utoipa::path(post, path = "/admin/mails/{id}/retry", tag = "admin", params(("id" = MailId, Path)), responses((status = 204), (status = 404, body = ProblemBody)))]
async fn retry_mail(Caller(ctx): Caller, Path(id): Path<MailId>) -> Result<StatusCode, Problem> {
    admin::retry_mail(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(bookings))
        .routes(routes!(people))
        .routes(routes!(person))
        .routes(routes!(suspend_person))
        .routes(routes!(reinstate_person))
        .routes(routes!(providers))
        .routes(routes!(decide))
        .routes(routes!(suspend_provider))
        .routes(routes!(reinstate_provider))
        .routes(routes!(payments))
        .routes(routes!(payment))
        .routes(routes!(preview_refund))
        .routes(routes!(settings, change_settings))
        .routes(routes!(categories, save_category))
        .routes(routes!(audit))
        .routes(routes!(system))
        .routes(routes!(retry_job))
        .routes(routes!(retry_mail))
}
