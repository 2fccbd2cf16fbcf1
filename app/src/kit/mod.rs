//! Buttons, fields, dialogs, tables, charts: no business.
