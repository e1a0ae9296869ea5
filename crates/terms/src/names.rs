//! Names of metrics and of the fields of the access log: one list, so that a
//! dashboard or a query written once keeps working.

/// Requests answered, by `site` and status class.
pub const REQUESTS_TOTAL: &str = "waarborg_requests_total";
/// Seconds from the first byte of a request to the last of its answer.
pub const REQUEST_SECONDS: &str = "waarborg_request_seconds";
/// Refusals, by `promise` or by step.
pub const REFUSALS_TOTAL: &str = "waarborg_refusals_total";
/// Open client connections.
pub const CONNECTIONS: &str = "waarborg_connections";
/// TLS handshakes, by `outcome`.
pub const HANDSHAKES_TOTAL: &str = "waarborg_handshakes_total";
/// Request records dropped because control lagged behind.
pub const RECORDS_DROPPED_TOTAL: &str = "waarborg_records_dropped_total";
/// Answers that left with `Strict-Transport-Security` (promise `hsts`).
pub const HSTS_ANSWERS_TOTAL: &str = "waarborg_hsts_answers_total";
/// The worst grade of the last scan (promise `tls-report`), counted from 1 for an A+ to
/// 10 for a T; 0 before the first.
pub const TLS_GRADE: &str = "waarborg_tls_grade";
/// What met an address that a list has, by `action` (promise `block`).
pub const BLOCKED_TOTAL: &str = "waarborg_blocked_total";
/// Clients banned without a person, by `cause` (promise `block`).
pub const BANS_TOTAL: &str = "waarborg_bans_total";
/// Requests of clients that send too many, by `class` and `action` (promise `throttle`).
pub const THROTTLED_TOTAL: &str = "waarborg_throttled_total";
/// Requests that don't come from our own pages, by `action` (promise `csrf`).
pub const CSRF_TOTAL: &str = "waarborg_csrf_total";
/// Forms that got the token of important actions, and pages that couldn't be written into,
/// by `outcome` (promise `csrf`).
pub const CSRF_FORMS_TOTAL: &str = "waarborg_csrf_forms_total";
/// Reports on sites' policies, by `result` (promise `csp`).
pub const CSP_REPORTS_TOTAL: &str = "waarborg_csp_reports_total";
/// Answers that brought markup of their request back, by `mode` (promise `xss`).
pub const REFLECTED_TOTAL: &str = "waarborg_reflected_total";
/// Pages that answer a request with markup, by `outcome` (promise `xss`).
pub const REFLECTION_ANSWERS_TOTAL: &str = "waarborg_reflection_answers_total";
/// Answers of applications that showed a weakness, by `kind`.
pub const WEAKNESSES_TOTAL: &str = "waarborg_weaknesses_total";
/// Finds in answers that control wasn't told of.
pub const FINDINGS_DROPPED_TOTAL: &str = "waarborg_findings_dropped_total";
/// Drill runs, by `promise` and `verdict`.
pub const DRILLS_TOTAL: &str = "waarborg_drills_total";
/// When the certificate of a `site` ends, in seconds since 1970.
pub const CERTIFICATE_EXPIRY: &str = "waarborg_certificate_expiry_timestamp_seconds";
/// Orders of certificates at authorities, by `outcome`.
pub const ACME_ORDERS_TOTAL: &str = "waarborg_acme_orders_total";
/// Passwords that were to be chosen, by `outcome` (promise `password`).
pub const PASSWORDS_CHOSEN_TOTAL: &str = "waarborg_passwords_chosen_total";
/// Attempts to sign in with a password, by `outcome` (promise `lockout`).
pub const SIGN_INS_TOTAL: &str = "waarborg_sign_ins_total";
/// Codes of a second factor behind a right password, by `outcome` (promise `two-factor`).
pub const CODES_TOTAL: &str = "waarborg_codes_total";
/// Requests for the console on the portal, by `outcome` (promise `admin`).
pub const CONSOLE_REQUESTS_TOTAL: &str = "waarborg_console_requests_total";
/// Entries of the team's register, by `standing` (promise `team`).
pub const TEAM_REGISTER: &str = "waarborg_team_register";
/// Locks of accounts after wrong passwords (promise `lockout`).
pub const LOCKS_TOTAL: &str = "waarborg_locks_total";
