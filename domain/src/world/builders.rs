//! Rows for tests: accounts, and a provider that can be booked.

use super::World;
use crate::ctx::{Membership, Person as ActingPerson, StaffRole};
use crate::id::{AccountId, CategoryId, Id, ProviderId, ResourceId, ScheduleId, ServiceId};
use crate::time::Instant;
use sqlx::{PgPool, Row};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What [`World::an_account`] writes; every field has a default.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    pub is_email_confirmed: bool,
    pub is_admin: bool,
    pub is_support: bool,
}

impl Default for Person {
    fn default() -> Self {
        Self { name: "Nora Quist".to_owned(), email: None, is_email_confirmed: true, is_admin: false, is_support: false }
    }
}

/// An active provider with one person, one service and hours from 09:00 to 18:00 every weekday and Saturday.
#[derive(Debug, Clone, Copy)]
pub struct SomeProvider {
    pub id: ProviderId,
    pub category: CategoryId,
    pub owner: AccountId,
    /// The owner as a bookable person.
    pub person: ResourceId,
    /// 60 minutes, 100.00 EUR, instant, no buffers.
    pub service: ServiceId,
}

pub const ZONE: &str = "Europe/Lisbon";

impl World {
    /// Signed up, address confirmed.
    pub async fn a_customer(&self) -> AccountId {
        self.an_account(Person::default()).await
    }
    pub async fn an_admin(&self) -> AccountId {
        self.an_account(Person { name: "Ada Operator".to_owned(), is_admin: true, ..Person::default() }).await
    }
    pub async fn an_account(&self, person: Person) -> AccountId {
        let id: AccountId = self.new_id();
        let number = self.next();
        let email = person.email.unwrap_or_else(|| format!("person{number}@example.test"));
        let now = self.now();
        sqlx::query(
            "insert into accounts (id, email, email_confirmed_at, name, is_admin, is_support, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $7)",
        )
        .bind(id)
        .bind(email)
        .bind(person.is_email_confirmed.then_some(now))
        .bind(person.name)
        .bind(person.is_admin)
        .bind(person.is_support)
        .bind(now)
        .execute(&self.db)
        .await
        .expect("an account");
        id
    }

    pub async fn a_category(&self) -> CategoryId {
        let id: CategoryId = self.new_id();
        let number = self.next();
        sqlx::query("insert into categories (id, slug, name, icon, tone, position, created_at) values ($1, $2, $3, 'wrench', 1, 1, $4)")
            .bind(id)
            .bind(format!("category-{number}"))
            .bind(format!("Category {number}"))
            .bind(self.now())
            .execute(&self.db)
            .await
            .expect("a category");
        id
    }

    pub async fn a_provider(&self) -> SomeProvider {
        let owner = self.an_account(Person { name: "Pia Plumb".to_owned(), ..Person::default() }).await;
        let category = self.a_category().await;
        let id: ProviderId = self.new_id();
        let number = self.next();
        sqlx::query(
            "insert into providers
                (id, slug, name, category_id, status, decided_at, zone, currency, country, street, town, lat, lng, email, created_at, updated_at)
             values ($1, $2, $3, $4, 'active', $5, $6, 'EUR', 'PT', 'Rua do Teste 1', 'Lisboa', 38.7223, -9.1393, $7, $5, $5)",
        )
        .bind(id)
        .bind(format!("provider-{number}"))
        .bind(format!("Provider {number}"))
        .bind(category)
        .bind(self.now())
        .bind(ZONE)
        .bind(format!("provider{number}@example.test"))
        .execute(&self.db)
        .await
        .expect("a provider");
        self.add_member(id, owner, StaffRole::Owner).await;
        let person = self.a_resource(id, "person", Some(owner)).await;
        self.a_schedule(id, None, 9 * 60, 18 * 60).await;
        let service = self.a_service(id, category, &[person]).await;
        SomeProvider { id, category, owner, person, service }
    }

    pub async fn add_member(&self, provider: ProviderId, account: AccountId, role: StaffRole) {
        sqlx::query("insert into provider_members (provider_id, account_id, role, created_at) values ($1, $2, $3, $4)")
            .bind(provider)
            .bind(account)
            .bind(role.as_str())
            .bind(self.now())
            .execute(&self.db)
            .await
            .expect("a member");
    }

    /// `kind`: person, room, vehicle or equipment.
    pub async fn a_resource(&self, provider: ProviderId, kind: &str, account: Option<AccountId>) -> ResourceId {
        let id: ResourceId = self.new_id();
        sqlx::query("insert into resources (id, provider_id, kind, name, account_id, created_at) values ($1, $2, $3, $4, $5, $6)")
            .bind(id)
            .bind(provider)
            .bind(kind)
            .bind(format!("{kind} {}", self.next()))
            .bind(account)
            .bind(self.now())
            .execute(&self.db)
            .await
            .expect("a resource");
        id
    }

    /// The same hours Monday to Saturday, in minutes from local midnight; for the provider when `resource` is None.
    pub async fn a_schedule(&self, provider: ProviderId, resource: Option<ResourceId>, from_min: i32, to_min: i32) -> ScheduleId {
        let id: ScheduleId = self.new_id();
        sqlx::query("insert into schedules (id, provider_id, resource_id, zone, updated_at) values ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(provider)
            .bind(resource)
            .bind(ZONE)
            .bind(self.now())
            .execute(&self.db)
            .await
            .expect("a schedule");
        sqlx::query(
            "insert into schedule_hours (schedule_id, weekday, from_min, to_min) select $1, weekday, $2, $3 from generate_series(1, 6) weekday",
        )
        .bind(id)
        .bind(from_min)
        .bind(to_min)
        .execute(&self.db)
        .await
        .expect("hours");
        id
    }

    /// 60 minutes, 100.00, at the provider's, instant; any of `people` can do it.
    pub async fn a_service(&self, provider: ProviderId, category: CategoryId, people: &[ResourceId]) -> ServiceId {
        let id: ServiceId = self.new_id();
        sqlx::query(
            "insert into services (id, provider_id, category_id, name, mode, duration_min, price_minor, created_at, updated_at)
             values ($1, $2, $3, $4, 'at_provider', 60, 10000, $5, $5)",
        )
        .bind(id)
        .bind(provider)
        .bind(category)
        .bind(format!("Service {}", self.next()))
        .bind(self.now())
        .execute(&self.db)
        .await
        .expect("a service");
        for person in people {
            sqlx::query("insert into service_people (service_id, resource_id) values ($1, $2)")
                .bind(id)
                .bind(*person)
                .execute(&self.db)
                .await
                .expect("someone who does it");
        }
        id
    }

    pub async fn email_of(&self, account: AccountId) -> String {
        sqlx::query_scalar("select email from accounts where id = $1").bind(account).fetch_one(&self.db).await.expect("an account")
    }
    /// For assertions on a single number, such as `select count(*) from jobs`.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.db).await.expect("a number")
    }
    /// Until it waits for a lock of this database.
    pub async fn until_it_waits<T>(&self, who: &JoinHandle<T>) {
        self.until_they_wait(std::slice::from_ref(who)).await;
    }
    /// Until every one of them waits for a lock of this database.
    pub async fn until_they_wait<T>(&self, who: &[JoinHandle<T>]) {
        let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while self.count(waiting).await < who.len() as i64 {
            assert!(who.iter().all(|one| !one.is_finished()), "it waits for a lock");
            tokio::task::yield_now().await;
        }
    }
    /// The kinds of all events so far, in the order they were written.
    pub async fn events(&self) -> Vec<String> {
        sqlx::query_scalar("select kind from events order by id").fetch_all(&self.db).await.expect("events")
    }
    /// Changes one row's column for a test: `world.set("services", service, "needs_approval", "true")`.
    pub async fn set<I: Id>(&self, table: &str, id: I, column: &str, sql_value: &str) {
        let statement = format!("update {table} set {column} = {sql_value} where id = $1");
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(Uuid::from_u128(id.as_u128())).execute(&self.db).await.expect("a changed row");
        // no event tells of it
        self.house.caches.forget_all();
    }
}

pub(super) async fn load_person(db: &PgPool, account: AccountId) -> ActingPerson {
    let row = sqlx::query("select name, email, email_confirmed_at, is_admin, is_support from accounts where id = $1")
        .bind(account)
        .fetch_one(db)
        .await
        .expect("an account");
    let members: Vec<(ProviderId, String, String)> = sqlx::query_as(
        "select m.provider_id, p.name, m.role from provider_members m join providers p on p.id = m.provider_id where m.account_id = $1",
    )
    .bind(account)
    .fetch_all(db)
    .await
    .expect("roles");
    ActingPerson {
        id: account,
        name: row.get("name"),
        email: row.get("email"),
        is_email_confirmed: row.get::<Option<Instant>, _>("email_confirmed_at").is_some(),
        is_admin: row.get("is_admin"),
        is_support: row.get("is_support"),
        memberships: members
            .into_iter()
            .filter_map(|(provider, provider_name, role)| {
                // the rest is for menus, which contexts of tests do not draw
                Some(Membership { provider, provider_name, role: StaffRole::parse(&role)?, icon: String::new(), tone: None, waiting: 0 })
            })
            .collect(),
        session: None,
        token: None,
        visitor: None,
        scopes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = "../migrations")]
    async fn stands(db: PgPool) {
        let world = World::new(db);
        let provider = world.a_provider().await;
        let customer = world.a_customer().await;
        let owner = world.ctx_as(provider.owner).await;
        assert!(owner.is_staff(provider.id, StaffRole::Owner));
        assert!(!world.ctx_as(customer).await.is_staff(provider.id, StaffRole::Member));
        assert_eq!(world.count("select count(*) from schedule_hours").await, 6);
        let before = world.now();
        world.pass_hours(2);
        assert_eq!(world.now() - before, 2 * crate::time::HOUR);
    }
}
