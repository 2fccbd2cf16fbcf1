//! Fields: label above, help below, error beside, and what was typed is kept.

use super::icon::{Icon, icon, icon_s};
use domain::error::{Error, Fields};
use leptos::prelude::*;

/// What a form was sent with and what is wrong with it, so that a refused form comes back as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    pub values: Vec<(String, String)>,
    pub problems: Fields,
    /// What concerns no single field.
    pub sentence: Option<String>,
}

impl Filled {
    /// Never sent: these values stand in it to begin with.
    pub fn with<const N: usize>(values: [(&str, &str); N]) -> Self {
        Self { values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), ..Self::default() }
    }
    /// Sent and refused. Passwords are not given back.
    pub fn refused(values: Vec<(String, String)>, error: &Error) -> Self {
        let values = values.into_iter().filter(|(name, _)| !name.contains("password")).collect();
        match error {
            Error::Invalid(problems) => Self { values, problems: problems.clone(), sentence: None },
            other => Self { values, problems: Fields::none(), sentence: Some(other.sentence()) },
        }
    }
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.retain(|(known, _)| known != name);
        self.values.push((name.to_owned(), value.into()));
        self
    }
    pub fn value(&self, name: &str) -> String {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
    pub fn is_on(&self, name: &str) -> bool {
        self.values.iter().any(|(known, value)| known == name && !matches!(value.as_str(), "" | "false" | "off" | "0"))
    }
    pub fn problem(&self, name: &str) -> String {
        self.problems.problem(name).unwrap_or_default().to_owned()
    }
    pub fn is_refused(&self) -> bool {
        !self.problems.is_empty() || self.sentence.is_some()
    }
}

/// The id a field's control has, which error summaries link to.
pub fn field_id(name: &str) -> String {
    format!("f-{}", name.replace(['.', '[', ']', '_'], "-"))
}

/// A one-line input. `value` and `problem` usually come from [`Filled`].
#[component]
pub fn Field(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(optional, into)] value: String,
    /// Empty: nothing is wrong.
    #[prop(optional, into)]
    problem: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional, into)] autocomplete: Option<&'static str>,
    #[prop(optional, into)] inputmode: Option<&'static str>,
    /// Marked "(optional)" beside the label; all other fields are required.
    #[prop(optional)]
    optional: bool,
    #[prop(optional)] icon_before: Option<Icon>,
    /// A unit after the value, such as `USD` or `min`.
    #[prop(optional, into)]
    affix: Option<String>,
    #[prop(optional, into)] min: Option<String>,
    #[prop(optional, into)] max: Option<String>,
    #[prop(optional, into)] step: Option<String>,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional)] minlength: Option<u32>,
    #[prop(optional)] disabled: bool,
    #[prop(optional)] autofocus: bool,
    /// Across both columns of `.fields`.
    #[prop(optional)]
    wide: bool,
    /// When the same name stands twice on a page.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(optional)] dense: bool,
    /// The id of a `<datalist>`.
    #[prop(optional, into)]
    list: Option<String>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| field_id(&name));
    let described = describe(&id, &problem, &help);
    let input = view! {
        <input
            class="input"
            id=id.clone()
            name=name
            type=kind
            value=value
            placeholder=placeholder
            autocomplete=autocomplete
            inputmode=inputmode
            required=!optional
            min=min
            max=max
            step=step
            maxlength=maxlength
            minlength=minlength
            list=list
            disabled=disabled
            autofocus=autofocus
            data-size=dense.then_some("dense")
            aria-invalid=(!problem.is_empty()).then_some("true")
            aria-describedby=described
        />
    };
    let control = if icon_before.is_some() || affix.is_some() {
        let affix = affix.map(|text| view! { <span class="affix">{text}</span> });
        view! { <div class="joined">{icon_before.map(icon)} {input} {affix}</div> }.into_any()
    } else {
        input.into_any()
    };
    around(label, id, optional, wide, help, problem, control)
}

/// Text as it stands in a `<textarea>`, which Leptos writes out as it is given: on the server it is escaped here. The browser sets it as text.
pub fn inside_textarea(text: &str) -> String {
    if cfg!(feature = "ssr") { text.replace('&', "&amp;").replace('<', "&lt;") } else { text.to_owned() }
}

/// Several lines; grows with what is typed.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] problem: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] optional: bool,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(default = 3)] rows: u32,
    #[prop(optional)] wide: bool,
    #[prop(optional, into)] id: Option<String>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| field_id(&name));
    let described = describe(&id, &problem, &help);
    let control = view! {
        <textarea
            class="input"
            id=id.clone()
            name=name
            rows=rows
            placeholder=placeholder
            required=!optional
            maxlength=maxlength
            aria-invalid=(!problem.is_empty()).then_some("true")
            aria-describedby=described
        >
            {inside_textarea(&value)}
        </textarea>
    }
    .into_any();
    around(label, id, optional, wide, help, problem, control)
}

/// A list to choose one from: `options` are value and words.
#[component]
pub fn Select(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] problem: String,
    #[prop(optional, into)] help: String,
    #[prop(optional)] optional: bool,
    #[prop(optional)] disabled: bool,
    #[prop(optional)] wide: bool,
    #[prop(optional)] dense: bool,
    #[prop(optional)] hide_label: bool,
    #[prop(optional, into)] autocomplete: Option<&'static str>,
    #[prop(optional, into)] id: Option<String>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| field_id(&name));
    let described = describe(&id, &problem, &help);
    let options = options
        .into_iter()
        .map(|(key, words)| {
            let is_chosen = key == value;
            view! { <option value=key selected=is_chosen>{words}</option> }
        })
        .collect_view();
    let control = view! {
        <span class="select">
            <select
                class="input"
                id=id.clone()
                name=name
                disabled=disabled
                autocomplete=autocomplete
                data-size=dense.then_some("dense")
                aria-invalid=(!problem.is_empty()).then_some("true")
                aria-describedby=described
            >
                {options}
            </select>
        </span>
    }
    .into_any();
    if hide_label {
        return view! { <div class="field"><label class="hidden-visually" for=id>{label}</label>{control}</div> }.into_any();
    }
    around(label, id, optional, wide, help, problem, control)
}

fn describe(id: &str, problem: &str, help: &str) -> Option<String> {
    match (problem.is_empty(), help.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("{id}-e")),
        (true, false) => Some(format!("{id}-h")),
        (false, false) => Some(format!("{id}-e {id}-h")),
    }
}

/// Label, control, error and help in their places.
fn around(label: String, id: String, optional: bool, wide: bool, help: String, problem: String, control: AnyView) -> AnyView {
    let (help_id, problem_id) = (format!("{id}-h"), format!("{id}-e"));
    view! {
        <div class="field" data-span=wide.then_some("all")>
            <label for=id>{label} {optional.then(|| view! { " "<span class="optional">"(optional)"</span> })}</label>
            {control}
            {(!problem.is_empty()).then(|| view! { <p class="error" id=problem_id>{icon_s(Icon::CIRCLE_ALERT)} {problem}</p> })}
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
        </div>
    }
    .into_any()
}

/// What is wrong, on top of the form; takes the focus when the page comes back.
#[component]
pub fn ErrorSummary(filled: Filled) -> impl IntoView {
    if !filled.is_refused() {
        return ().into_any();
    }
    let problems = filled.problems.0;
    let title = match (filled.sentence, problems.len()) {
        (Some(sentence), _) => sentence,
        (None, 1) => "One thing needs another look".to_owned(),
        (None, many) => format!("{} things need another look", super::format::count_word(many)),
    };
    let list = (!problems.is_empty()).then(|| {
        let items = problems
            .into_iter()
            .map(|field| view! { <li><a href=format!("#{}", field_id(&field.name))>{field.problem}</a></li> })
            .collect_view();
        view! { <ul>{items}</ul> }
    });
    view! { <div class="error-summary" id="error-summary" tabindex="-1" role="alert" autofocus><h2>{title}</h2>{list}</div> }.into_any()
}
