pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-25 20:43:19');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-25 20:43:19');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-25 20:43:19');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-25 20:43:19');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-25 20:43:19');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-25 20:43:19');
CREATE TABLE schema_info (
    key   text not null primary key,
    value text not null
);
insert into "schema_info" ("key", "value") values ('change_trimmed', '0');
insert into "schema_info" ("key", "value") values ('oldest_version', '1');
CREATE TABLE change (
    seq  integer primary key autoincrement,
    kind text   not null,
    ref  text   not null,
    at   bigint not null -- microseconds since 1970
);
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', 1795639400200062);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_thdyysklsnbainii5kk5ew6eed', 1795639400200062);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_yizynnugmbetbwesqznws4elil', 1795639400200062);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'catalog', '1', 1795639407963310);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'key', 'key_4zdnqgsyb3omkwj26nlhyrllpk', 1795639408299900);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'account', 'acct_thdyysklsnbainii5kk5ew6eed', 1795639410722010);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'account', 'acct_thdyysklsnbainii5kk5ew6eed', 1795639410944351);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'catalog', '2', 1795639411287363);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency") values ('acct_thdyysklsnbainii5kk5ew6eed', 'Default', '', 1795639400198863, NULL, 1795639410944274, 's1.e2d1d77a.V-JZulC20SMTFTCDfofXDiqdJ2JT11brTa1SoCvgHTa1tAXRFtj9LgomrDNBtM6_-VhwD7Xh6GQz8tP0yfE9a6WMAvKWOGShbzcv5AQ4DZilz7NoOd5Oov9aGYuNLPi2LjA', 300000000, 3);
CREATE TABLE api_key (
    id         text collate binary not null primary key,
    account    text collate binary not null references account (id),
    name       text      not null,
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    scopes     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at") values ('key_4zdnqgsyb3omkwj26nlhyrllpk', 'acct_thdyysklsnbainii5kk5ew6eed', 'second', X'D3C5B6217F14E55022E1E4EB5DBBB7629E5C2CAA2C4C2FC9ECE2AA40315F2614', 'sk-3YZf…tIhg', '*', 1795639408292445, NULL, NULL);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at") values ('key_yizynnugmbetbwesqznws4elil', 'acct_thdyysklsnbainii5kk5ew6eed', 'First key', X'8757E60BF671624AC3D095B8C456AAA5F2C5BB504D024FD259088112B606E12D', 'sk-WgSM…shgw', '*', 1795639400198869, NULL, NULL);
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
);
insert into "operator" ("id", "name", "role", "created_at") values ('opr_pftoiwchylt5vnxmcuksjjmp4k', 'First operator', 'operator', 1795639400198862);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_meu5myoidlbsc32mnymlk3jbqh', 'opr_pftoiwchylt5vnxmcuksjjmp4k', X'F3941BC3E495273CEE8F78B6977F845E32C7D107A1D896A941647E7DD243BF0E', 'op-8kpv…Ydf2', 1795639400198862, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795639400198895);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795639400199106, 'system', 'operator.create', 'opr_pftoiwchylt5vnxmcuksjjmp4k', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795639400199316, 'system', 'account.create', 'acct_thdyysklsnbainii5kk5ew6eed', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795639400199629, 'system', 'key.create', 'key_yizynnugmbetbwesqznws4elil', 'acct_thdyysklsnbainii5kk5ew6eed');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795639407962878, 'opr_pftoiwchylt5vnxmcuksjjmp4k', 'provider.put', 'container', 'kind: (none) → cog; base_url: (none) → http://127.0.0.1:5000; responses: (none) → auto');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795639408299553, 'opr_pftoiwchylt5vnxmcuksjjmp4k', 'key.create', 'key_4zdnqgsyb3omkwj26nlhyrllpk', 'acct_thdyysklsnbainii5kk5ew6eed');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795639410721973, 'opr_pftoiwchylt5vnxmcuksjjmp4k', 'account.update', 'acct_thdyysklsnbainii5kk5ew6eed', 'retention: "" → "5m", concurrency: "0" → "3"');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795639410944315, 'opr_pftoiwchylt5vnxmcuksjjmp4k', 'webhook_secret.create', 'acct_thdyysklsnbainii5kk5ew6eed', '');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795639411287023, 'opr_pftoiwchylt5vnxmcuksjjmp4k', 'model.put', 'painter', 'type: (none) → image; api: (none) → prediction; privacy: (none) → public; free: (none) → true; targets: (none) → [{"provider":"container","model":"painter","weight":1}]; input_schema: changed; deadline: (none) → 10m; concurrency: (none) → 2; open: (none) → true; managed: (none) → m.yml');
CREATE TABLE catalog_revision (
    id       bigint not null primary key check (id = 1),
    revision bigint not null
);
insert into "catalog_revision" ("id", "revision") values (1, 2);
CREATE TABLE catalog_provider (
    name              text collate binary not null primary key,
    kind              text   not null,
    base_url          text   not null,
    credential        text   not null,
    credential_sealed text   not null,
    fetch_inputs      text   not null,
    responses         text   not null,
    managed           text   not null, -- the file that manages it, or ''
    created_at        bigint not null  -- microseconds since 1970
);
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('container', 'cog', 'http://127.0.0.1:5000', '', '', '', 'auto', '', 1795639407962597);
CREATE TABLE catalog_model (
    slug           text collate binary not null primary key,
    ordinal        bigint  not null, -- order of creation
    builtin        boolean not null,
    name           text    not null,
    description    text    not null,
    type           text    not null,
    api            text    not null,
    privacy        text    not null,
    img_url        text    not null,
    vendor         text    not null, -- JSON object, or ''
    capabilities   text    not null, -- JSON array, or ''
    free           boolean not null,
    offline        boolean not null,
    max_output     bigint  not null,
    context_length bigint  not null,
    managed        text    not null,
    created_at     bigint  not null
, input_schema text not null default '', output_schema text not null default '', deadline text not null default '', concurrency bigint not null default 0);
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency") values ('painter', 1, 0, '', '', 'image', 'prediction', 'public', '', '', '', 1, 0, 0, 0, 'm.yml', 1795639411286878, '{"properties":{"prompt":{"type":"string"}},"type":"object"}', '', '10m', 2);
CREATE TABLE catalog_name (
    folded   text collate binary not null primary key,
    name     text collate binary not null,
    model    text collate binary not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
insert into "catalog_name" ("folded", "name", "model", "position") values ('painter', 'painter', 'painter', 0);
CREATE TABLE catalog_target (
    model        text collate binary not null references catalog_model (slug) on delete cascade,
    position     bigint not null,
    provider     text collate binary not null,
    upstream     text   not null,
    priority     bigint not null,
    weight       bigint not null,
    fetch_inputs text   not null,
    primary key (model, position)
);
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs") values ('painter', 0, 'container', 'painter', 0, 1, '');
CREATE TABLE catalog_default (
    api   text collate binary not null primary key,
    model text collate binary not null
);
CREATE TABLE charge_batch (
    id    text collate binary not null primary key,
    at    bigint not null, -- microseconds since 1970
    lines bigint not null
 ) without rowid;
insert into "charge_batch" ("id", "at", "lines") values ('hoi1cva6p3-1tvgrsokhna90', 1795639411015527, 1);
CREATE TABLE charge_line (
    request       text collate binary not null primary key,
    batch         text collate binary not null,
    at            bigint  not null,
    account       text collate binary not null,
    api_key       text collate binary not null,
    model         text    not null,
    target        text    not null, -- provider/upstream name, for operators only
    price_version bigint  not null, -- 0: free
    units_in      bigint  not null, -- tokens
    units_out     bigint  not null,
    units_cached  bigint  not null, -- of units_in
    units_reasoning bigint not null, -- of units_out
    amount        bigint  not null, -- nano-US-dollars
    counted       boolean not null, -- our count: the upstream reported no usage
    outcome       text    not null
);
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m8a760a63k95j600x20v2svt', 'hoi1cva6p3-1tvgrsokhna90', 1795639411015502, 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-docs', 'local/skytower-docs', 0, 7, 575, 0, 0, 0, 0, 'ok');
CREATE TABLE request_log (
    request    text collate binary not null,
    at         bigint  not null,
    method     text    not null,
    route      text    not null,
    path       text    not null,
    status     bigint  not null,
    outcome    text    not null,
    error_id   text    not null,
    account    text collate binary not null,
    api_key    text collate binary not null,
    model      text    not null,
    target     text    not null,
    tokens_in  bigint  not null,
    tokens_out bigint  not null,
    bytes_in   bigint  not null,
    bytes_out  bigint  not null,
    first_byte bigint  not null, -- microseconds
    duration   bigint  not null, -- microseconds
    streamed   boolean not null,
    client     text    not null,
    primary key (at, request)
);
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75tb91mrxwvzsttj8svwh', 1795639404905146, 'POST', '/v1/predictions', '/v1/predict', 200, 'ok', '', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-upscale-2x', '', 0, 0, 2483, 3786, 350782, 350824, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75wjde58ck6hzpm802wp2', 1795639407181885, 'POST', '/v1/predictions', '/v1/predictions', 200, 'ok', '', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-upscale-2x', '', 0, 0, 2567, 3807, 289083, 289115, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75wz2y86ybzn955xw2sx9', 1795639407586634, 'POST', '/v1/predictions', '/v1/predictions', 200, 'ok', '', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-upscale-2x', '', 0, 0, 95, 1212, 45464, 45523, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75x42nvst2p4kzqqpwg0y', 1795639407746386, 'POST', '/v1/files', '/v1/files', 200, 'ok', '', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', '', '', 0, 0, 2080, 345, 13049, 13059, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75xamfvcvyycx0d0sngec', 1795639407956561, 'GET', '/admin/v1/providers', '/admin/v1/providers', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 0, 82, 806, 812, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75xatqtekbk7n7w84atv7', 1795639407962089, 'PUT', '/admin/v1/providers/{name}', '/admin/v1/providers/container', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 68, 87, 5230, 5235, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75xn4c4nx8vfkd6wjfbah', 1795639408292061, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 17, 366, 11604, 11612, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a75xyy1qy5vc7gvkbq8xnx', 1795639408606817, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 0, 183, 602, 606, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a76011h6kngam6grqmkz23', 1795639410721453, 'PATCH', '/admin/v1/accounts/{id}', '/admin/v1/accounts/acct_thdyysklsnbainii5kk5ew6eed', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 34, 216, 4884, 4891, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a7607z7mpd0bax1k308bs6', 1795639410943897, 'POST', '/admin/v1/accounts/{id}/webhook-secret', '/admin/v1/accounts/acct_thdyysklsnbainii5kk5ew6eed/webhook-secret', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 0, 138, 7717, 7724, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a760a63k95j600x20v2svt', 1795639411014897, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-docs', 'local/skytower-docs', 7, 575, 88, 2459, 2045, 2132, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a760jd1ph7etk2zjh3kchw', 1795639411277482, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 299, 417, 8162, 8169, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a760jpdqhdzz5g3n6nxbq1', 1795639411286577, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_meu5myoidlbsc32mnymlk3jbqh', '', '', 0, 0, 284, 418, 3736, 3741, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8a760pj3zc07ssnbmqce4ys', 1795639411410297, 'POST', '/v1/predictions', '/v1/predictions', 200, 'ok', '', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'painter', '', 0, 0, 53, 879, 4298, 4788, 0, '127.0.0.1');
CREATE TABLE prediction (
    id           text collate binary not null primary key, -- a UUID
    account      text collate binary not null,
    api_key      text collate binary not null,
    model        text collate binary not null, -- slug
    shown        text    not null, -- the model's name as the caller wrote it
    type         text    not null, -- image, video, …
    spelling     text    not null, -- of the word for cancelled: 'cancelled' or 'canceled'
    source       text    not null, -- api, cli, web
    stream       boolean not null,
    input        text    not null, -- JSON object; '{}' once the data is removed
    status       text    not null,
    version      bigint  not null, -- counts up with every change that a watcher must see
    created_at   bigint  not null,
    started_at   bigint  not null,
    completed_at bigint  not null,
    updated_at   bigint  not null,

    -- Idempotency. request_hash is over the caller's body.
    idempotency_key text,          -- null: none
    request_hash    blob not null,

    -- The run. handed: it holds a place of its account and model. attempt counts the
    -- workers that took it; beat is the last sign of life of the newest of them, or, as
    -- long as none took it, when it was queued; 1 is a run that was handed back.
    handed       boolean not null,
    attempt      bigint  not null,
    beat         bigint  not null,
    cancel       boolean not null, -- somebody asked for its end
    target       text    not null, -- provider/upstream name that took it, or ''
    submission   text    not null, -- '', 'submitting', 'submitted'
    upstream     text    not null, -- the upstream's id of the work, or ''
    deadline     bigint  not null, -- when the run must have ended, 0 before it started

    -- What came of it.
    output       text    not null, -- JSON: null, a text, or another value; files are in table file
    error        text    not null,
    error_id     text    not null,
    logs         text    not null, -- the last lines
    progress     bigint  not null, -- thousandths of a percent, -1: unknown
    predict_time bigint  not null, -- microseconds, -1: unknown
    event_count  bigint  not null, -- rows in prediction_event
    purge_at     bigint  not null, -- when its data goes, 0: never or not yet known
    removed      boolean not null, -- its data is gone

    -- Webhook. Its body holds links, which need the address that the caller used.
    webhook_url    text not null,
    webhook_events text not null, -- the words of the subscriber, with spaces
    webhook_base   text not null, -- start of the links where public_url is unset
    webhook_key    text not null  -- the API key, sealed, until the last event is rendered
);
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key") values ('01a21472-e969-7b3f-b9e3-ff92a205ea61', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'cancelled', 'api', 0, '{"image":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAGyklEQVR4nBXVEdvGIBiG4ReH4XAYDofhMAyH4XB44TAMw2EYhuEwDIfD8Nu3H9DZ8XQ/936/H8MP8WP8Mf2QP+Yfyw/1Y/2hf5gf2w/7Y/9x/ODH+cP98D/Cj+tH/JF+5B/lx/2j/mg/nh/vj/7j9xsYBsTAODANyIF5YBlQA+uAHjAD24Ad2AeOAQbOATfgB8LANRAH0kAeKAP3QB1oA8/AO9CHDxAMAiEYBZNACmbBIlCCVaAFRrAJrGAXHAIEp8AJvCAILkEUJEEWFMEtqIImeASvoIsPGBlGxMg4Mo3IkXlkGVEj64geMSPbiB3ZR44RRs4RN+JHwsg1EkfSSB4pI/dIHWkjz8g70scPmBgmxMQ4MU3IiXlimVAT64SeMBPbhJ3YJ44JJs4JN+EnwsQ1ESfSRJ4oE/dEnWgTz8Q70acPkAwSIRklk0RKZskiUZJVoiVGskmsZJccEiSnxEm8JEguSZQkSZYUyS2pkiZ5JK+kyw+YGWbEzDgzzciZeWaZUTPrjJ4xM9uMndlnjhlmzhk342fCzDUTZ9JMnikz90ydaTPPzDvT5w9YGBbEwrgwLciFeWFZUAvrgl4wC9uCXdgXjgUWzgW34BfCwrUQF9JCXigL90JdaAvPwrvQlw9QDAqhGBWTQipmxaJQilWhFUaxKaxiVxwKFKfCKbwiKC5FVCRFVhTFraiKpngUr6KrD1gZVsTKuDKtyJV5ZVlRK+uKXjEr24pd2VeOFVbOFbfiV8LKtRJX0kpeKSv3Sl1pK8/Ku9LXD9AMGqEZNZNGambNolGaVaM1RrNprGbXHBo0p8ZpvCZoLk3UJE3WFM2tqZqmeTSvpusPMAwGYRgNk0EaZsNiUIbVoA3GsBmsYTccBgynwRm8IRguQzQkQzYUw22ohmZ4DK+hmw/YGDbExrgxbciNeWPZUBvrht4wG9uG3dg3jg02zg234TfCxrURN9JG3igb90bdaBvPxrvRtw+wDBZhGS2TRVpmy2JRltWiLcayWaxltxwWLKfFWbwlWC5LtCRLthTLbamWZnksr6XbD9gZdsTOuDPtyJ15Z9lRO+uO3jE7247d2XeOHXbOHbfjd8LOtRN30k7eKTv3Tt1pO8/Ou9P3DzgYDsTBeDAdyIP5YDlQB+uBPjAH24E92A+OAw7OA3fgD8LBdRAP0kE+KAf3QT1oB8/Be9CPD/gv4K8ivxL7auYrgm9Vv2X64v4F8ovM96jf2L/BfFf/Dv//TnDgIcAFERJkKHBDhQYPvNC/38fvZDgRJ+PJdCJP5pPlRJ2sJ/rEnGwn9mQ/Oc7/488Td+JPwsl1Ek/SST4pJ/dJPWknz8l70s8PcAwO4Rgdk0M6ZsfiUI7VoR3GsTmsY3cc7v/yp8M5vCM4Lkd0JEd2FMftqI7meByvo7sP8Awe4Rk9k0d6Zs/iUZ7Voz3Gs3msZ/cc/n80p8d5vCd4Lk/0JE/2FM/tqZ7meTyvp/sPCAwBERgDU0AG5sASUIE1oAMmsAVsYA8c4X/wZ8AFfCAErkAMpEAOlMAdqIEWeAJvoIcPuBguxMV4MV3Ii/liuVAX64W+MBfbhb3YL47r/1nPC3fhL8LFdREv0kW+KBf3Rb1oF8/Fe9GvD4gMEREZI1NERubIElGRNaIjJrJFbGSPHPE/NGfERXwkRK5IjKRIjpTIHamRFnkib6THD0gMCZEYE1NCJubEklCJNaETJrElbGJPHOk/kmfCJXwiJK5ETKRETpTEnaiJlngSb6KnD8gMGZEZM1NGZubMklGZNaMzJrNlbGbPHPk/8GfGZXwmZK5MzKRMzpTMnamZlnkyb6bnDygMBVEYC1NBFubCUlCFtaALprAVbGEvHOV/nc6CK/hCKFyFWEiFXCiFu1ALrfAU3kIvH3Az3Iib8Wa6kTfzzXKjbtYbfWNutht7s98c9/+ynjfuxt+Em+sm3qSbfFNu7pt6026em/em3x9QGSqiMlamiqzMlaWiKmtFV0xlq9jKXjnqfxWcFVfxlVC5KrGSKrlSKnelVlrlqbyVXj+gMTREY2xMDdmYG0tDNdaGbpjG1rCNvXG0/6I5G67hG6FxNWIjNXKjNO5GbbTG03gbvX3Aw/AgHsaH6UE+zA/Lg3pYH/SDedge7MP+cDz/NXY+uAf/EB6uh/iQHvJDebgf6kN7eB7eh/58wMvwIl7Gl+lFvswvy4t6WV/0i3nZXuzL/nK8/yV5vrgX/xJerpf4kl7yS3m5X+pLe3le3pf+fkBn6IjO2Jk6sjN3lo7qrB3dMZ2tYzt75+j/FXx2XMd3QufqxE7q5E7p3J3aaZ2n83Z65w80CuBMCsMSSwAAAABJRU5ErkJggg=="}', 'succeeded', 4, 1795639404905721, 1795639404916938, 1795639405230597, 1795639405230597, NULL, X'7AB1E1777B9369A4E3BE0CF3F5E260716C19D24252032B72E91CF3FF0DBE71AF', 0, 1, 1795639405230818, 0, '', '', '', 1795641204916938, 'null', '', '', '', 99999, 269010, 0, 1795725805230597, 0, '', '', 'http://127.0.0.1:8071', '');
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key") values ('01a21472-f24f-75a9-954d-19a231b10d53', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'canceled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAGyklEQVR4nBXVEdvGIBiG4ReH4XAYDofhMAyH4XB44TAMw2EYhuEwDIfD8Nu3H9DZ8XQ/936/H8MP8WP8Mf2QP+Yfyw/1Y/2hf5gf2w/7Y/9x/ODH+cP98D/Cj+tH/JF+5B/lx/2j/mg/nh/vj/7j9xsYBsTAODANyIF5YBlQA+uAHjAD24Ad2AeOAQbOATfgB8LANRAH0kAeKAP3QB1oA8/AO9CHDxAMAiEYBZNACmbBIlCCVaAFRrAJrGAXHAIEp8AJvCAILkEUJEEWFMEtqIImeASvoIsPGBlGxMg4Mo3IkXlkGVEj64geMSPbiB3ZR44RRs4RN+JHwsg1EkfSSB4pI/dIHWkjz8g70scPmBgmxMQ4MU3IiXlimVAT64SeMBPbhJ3YJ44JJs4JN+EnwsQ1ESfSRJ4oE/dEnWgTz8Q70acPkAwSIRklk0RKZskiUZJVoiVGskmsZJccEiSnxEm8JEguSZQkSZYUyS2pkiZ5JK+kyw+YGWbEzDgzzciZeWaZUTPrjJ4xM9uMndlnjhlmzhk342fCzDUTZ9JMnikz90ydaTPPzDvT5w9YGBbEwrgwLciFeWFZUAvrgl4wC9uCXdgXjgUWzgW34BfCwrUQF9JCXigL90JdaAvPwrvQlw9QDAqhGBWTQipmxaJQilWhFUaxKaxiVxwKFKfCKbwiKC5FVCRFVhTFraiKpngUr6KrD1gZVsTKuDKtyJV5ZVlRK+uKXjEr24pd2VeOFVbOFbfiV8LKtRJX0kpeKSv3Sl1pK8/Ku9LXD9AMGqEZNZNGambNolGaVaM1RrNprGbXHBo0p8ZpvCZoLk3UJE3WFM2tqZqmeTSvpusPMAwGYRgNk0EaZsNiUIbVoA3GsBmsYTccBgynwRm8IRguQzQkQzYUw22ohmZ4DK+hmw/YGDbExrgxbciNeWPZUBvrht4wG9uG3dg3jg02zg234TfCxrURN9JG3igb90bdaBvPxrvRtw+wDBZhGS2TRVpmy2JRltWiLcayWaxltxwWLKfFWbwlWC5LtCRLthTLbamWZnksr6XbD9gZdsTOuDPtyJ15Z9lRO+uO3jE7247d2XeOHXbOHbfjd8LOtRN30k7eKTv3Tt1pO8/Ou9P3DzgYDsTBeDAdyIP5YDlQB+uBPjAH24E92A+OAw7OA3fgD8LBdRAP0kE+KAf3QT1oB8/Be9CPD/gv4K8ivxL7auYrgm9Vv2X64v4F8ovM96jf2L/BfFf/Dv//TnDgIcAFERJkKHBDhQYPvNC/38fvZDgRJ+PJdCJP5pPlRJ2sJ/rEnGwn9mQ/Oc7/488Td+JPwsl1Ek/SST4pJ/dJPWknz8l70s8PcAwO4Rgdk0M6ZsfiUI7VoR3GsTmsY3cc7v/yp8M5vCM4Lkd0JEd2FMftqI7meByvo7sP8Awe4Rk9k0d6Zs/iUZ7Voz3Gs3msZ/cc/n80p8d5vCd4Lk/0JE/2FM/tqZ7meTyvp/sPCAwBERgDU0AG5sASUIE1oAMmsAVsYA8c4X/wZ8AFfCAErkAMpEAOlMAdqIEWeAJvoIcPuBguxMV4MV3Ii/liuVAX64W+MBfbhb3YL47r/1nPC3fhL8LFdREv0kW+KBf3Rb1oF8/Fe9GvD4gMEREZI1NERubIElGRNaIjJrJFbGSPHPE/NGfERXwkRK5IjKRIjpTIHamRFnkib6THD0gMCZEYE1NCJubEklCJNaETJrElbGJPHOk/kmfCJXwiJK5ETKRETpTEnaiJlngSb6KnD8gMGZEZM1NGZubMklGZNaMzJrNlbGbPHPk/8GfGZXwmZK5MzKRMzpTMnamZlnkyb6bnDygMBVEYC1NBFubCUlCFtaALprAVbGEvHOV/nc6CK/hCKFyFWEiFXCiFu1ALrfAU3kIvH3Az3Iib8Wa6kTfzzXKjbtYbfWNutht7s98c9/+ynjfuxt+Em+sm3qSbfFNu7pt6026em/em3x9QGSqiMlamiqzMlaWiKmtFV0xlq9jKXjnqfxWcFVfxlVC5KrGSKrlSKnelVlrlqbyVXj+gMTREY2xMDdmYG0tDNdaGbpjG1rCNvXG0/6I5G67hG6FxNWIjNXKjNO5GbbTG03gbvX3Aw/AgHsaH6UE+zA/Lg3pYH/SDedge7MP+cDz/NXY+uAf/EB6uh/iQHvJDebgf6kN7eB7eh/58wMvwIl7Gl+lFvswvy4t6WV/0i3nZXuzL/nK8/yV5vrgX/xJerpf4kl7yS3m5X+pLe3le3pf+fkBn6IjO2Jk6sjN3lo7qrB3dMZ2tYzt75+j/FXx2XMd3QufqxE7q5E7p3J3aaZ2n83Z65w80CuBMCsMSSwAAAABJRU5ErkJggg=="}', 'succeeded', 4, 1795639407183362, 1795639407197793, 1795639407461643, 1795639407461643, 'once', X'5AFD067376307ECB9CFFC12F13C8A0878516EB91C03064B02E9D41F83462F089', 0, 1, 1795639407461985, 0, '', '', '', 1795641207197793, 'null', '', '', '', 99999, 198203, 0, 0, 0, 'https://receiver.invalid/hook', 'completed', 'http://127.0.0.1:8071', '');
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key") values ('01a21472-f3e2-7c4b-b3b5-435ee3b4ac53', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'canceled', 'api', 0, '{"image":"data:image/gif;base64,R0lGODlh"}', 'failed', 3, 1795639407586799, 1795639407616192, 1795639407619188, 1795639407619188, NULL, X'CCA77992E8B9D961B7863904DACA73DE8C5CCB3233A7F667F6F9A923AE56AFA5', 0, 1, 1795639407616192, 0, '', '', '', 1795641207616192, 'null', 'input.image: the file''s content is no PNG, JPEG or WebP picture.', 'INVALID_INPUT', '', -1, -1, 0, 1795725807619188, 0, '', '', 'http://127.0.0.1:8071', '');
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key") values ('01a21473-02d2-76c3-8c96-d46c3788453b', 'acct_thdyysklsnbainii5kk5ew6eed', 'key_yizynnugmbetbwesqznws4elil', 'painter', 'painter', 'image', 'canceled', 'api', 0, '{"prompt":"a lighthouse"}', 'processing', 8, 1795639411410437, 1795639411425519, 0, 1795639412717228, NULL, X'E7F83614627F94A74B4AF505AA4B4BF415503398754158CC1D6F5E84B27E404D', 1, 1, 1795639412717228, 0, '', '', '', 1795640011425519, 'null', '', '', '', -1, -1, 0, 0, 0, '', '', 'http://127.0.0.1:8071', '');
CREATE TABLE prediction_lane (
    kind    text collate binary not null,
    name    text collate binary not null,
    handed  bigint not null,
    last_at bigint not null, -- when a place was last given out
    -- The account's prediction that stands in the queue before all later ones of other
    -- accounts, or '': each account has one, whatever its backlog.
    front   text collate binary not null,
    primary key (kind, name)
);
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_thdyysklsnbainii5kk5ew6eed', 1, 1795639411410699, '01a21473-02d2-76c3-8c96-d46c3788453b');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'painter', 1, 1795639411410699, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795639407587489, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_thdyysklsnbainii5kk5ew6eed', 20782, 'skytower-upscale-2x', 'failed', 1);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_thdyysklsnbainii5kk5ew6eed', 20782, 'skytower-upscale-2x', 'succeeded', 2);
CREATE TABLE prediction_event (
    prediction text collate binary not null,
    seq        bigint not null, -- from 1
    at         bigint not null,
    kind       text   not null, -- logs or output
    data       text   not null, -- JSON
    primary key (prediction, seq)
);
CREATE TABLE file (
    id         text collate binary not null primary key,
    account    text collate binary not null,
    prediction text collate binary not null, -- '' for an upload
    attempt    bigint not null, -- of the prediction's run that made it
    ordinal    bigint not null, -- its place among the outputs
    role       text   not null, -- upload, input, output, partial
    name       text   not null,
    type       text   not null, -- MIME type, found in the content
    size       bigint not null,
    purpose    text   not null,
    digest     blob not null, -- SHA-256 of the content
    state      text   not null,
    created_at bigint not null,
    expires_at bigint not null -- 0: kept
);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8a75tn0ras9hpmzg1h3fd6w', 'acct_thdyysklsnbainii5kk5ew6eed', '01a21472-e969-7b3f-b9e3-ff92a205ea61', 1, 0, 'output', 'upscaled.png', 'image/png', 3472, '', X'D1E605920D4F8AA4804D81206651F5C99C4EBC66A736373CB55D248E4186B2F9', 'kept', 1795639405216987, 1795725805230597);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8a75wt9vt9mpb1nx8xv8d0r', 'acct_thdyysklsnbainii5kk5ew6eed', '01a21472-f24f-75a9-954d-19a231b10d53', 1, 0, 'output', 'upscaled.png', 'image/png', 3472, '', X'D1E605920D4F8AA4804D81206651F5C99C4EBC66A736373CB55D248E4186B2F9', 'kept', 1795639407433542, 0);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8a75x44kj8b5am4wcansv3k', 'acct_thdyysklsnbainii5kk5ew6eed', '', 0, 0, 'upload', 'in.png', 'image/png', 1795, 'vision', X'04536BD570C5086E9E801AD5430BA98A71CB84289655FB085C5137F4C24E5176', 'kept', 1795639407748867, 1795725807000000);
CREATE TABLE webhook_delivery (
    id         text collate binary not null primary key,
    account    text collate binary not null,
    prediction text collate binary not null,
    seq        bigint not null, -- order within the prediction, from 1
    event      text   not null, -- the subscriber's word
    terminal   boolean not null,
    url        text   not null,
    host       text collate binary not null,
    body       blob not null,
    signature  text   not null,
    state      text   not null,
    attempts   bigint not null,
    created_at bigint not null,
    next_at    bigint not null -- 0: not to be tried yet, or any more; while sending: end of the lease
);
insert into "webhook_delivery" ("id", "account", "prediction", "seq", "event", "terminal", "url", "host", "body", "signature", "state", "attempts", "created_at", "next_at") values ('whd_mkjylwpwxxqpffoc6cy33uxuqo', 'acct_thdyysklsnbainii5kk5ew6eed', '01a21472-f24f-75a9-954d-19a231b10d53', 1, 'completed', 1, 'https://receiver.invalid/hook', 'receiver.invalid', X'7B226964223A2230316132313437322D663234662D373561392D393534642D313961323331623130643533222C22737461747573223A22737563636565646564222C2274797065223A22696E666572656E6365222C2273747265616D223A66616C73652C22696E707574223A7B22696D616765223A22646174613A696D6167652F706E673B6261736536342C6956424F5277304B47676F414141414E535568455567414141434141414141674341494141414438474F326A41414147796B6C45515652346E42585645647647494269473452654834584159446F66684D417948345842343454414D773245596875457744496644384E75334839445A3858512F3933362F48384D50385750384D663251502B596679772F31592F32686635676632772F37592F39782F4F44482B63503938442F436A2B74482F4A462B35422F6C782F326A2F6D672F6E682F766A2F376A39787359427354414F44414E7949463559426C51412B7541486A4144323441643241654F4151624F4154666742384C414E524148306B41654B4150335142316F41382F414F3943484478414D41694559425A4E41436D6242496C4343566141465272414A72474158484149457038414A764341494C6B45554A454557464D45747149496D654153766F49735047426C47784D67344D6F33496B586C6B4756456A363467654D5350626942335A52343452527334524E2B4A4877736731456B665353423470492F644948576B6A7A386737307363506D42676D784D51344D55334969586C696D564154363453654D425062684A33594A34344A4A73344A4E2B456E7773513145536653524A346F452F64456E5767547A385137306163506B41775349526B6C6B30524B5A736B69555A4A566F695647736B6D735A4A63634569536E78456D384A456775535A516B535A5955795332706B695A354A4B2B6B79772B59475762457A44677A7A63695A6557615A555450726A4A34784D39754D6E646C6E6A686C6D7A686B33343266437A4455545A394A4D6E696B7A39307964615450507A4476543577395947426245777267774C6369466557465A55417672676C347743397543586467586A6755577A675733344266437772555146394A435869674C39304A6461417650777276516C77395144417168474257545169706D78614A51696C5768465561784B6178695678774B464B66434B6277694B43354656435246566854467261694B706E675572364B724431675A5673544B75444B74794A56355A566C524B2B754B586A4572323470643256654F4656624F4662666956384C4B74524A58306B70654B537633536C31704B382F4B75394C584439414D4771455A4E5A4E47616D624E6F6C476156614D3152724E707247625848426F3070385A7076435A6F4C6B33554A453357464D3274715A716D65545376707573504D4177475952674E6B3045615A734E69554962566F41334773426D73595463634267796E77526D3849526775517A516B517A59557732326F686D5A34444B2B686D772F5947446245787267786263694E6557505A554276726874347747397547336467336A6730327A67323334546643787255524E394A473369676239306264614276507872765274772B7744425A68475332545256706D79324A526C7457694C6361795761786C747877574C4B66465762776C5743354C7443524C7468544C62616D575A6E6B73723658624439675A6473544F75445074794A31355A396C524F2B754F336A4537323437643258654F4858624F4862666A64384C4F74524E33306B37654B547633547431704F382F4F75395033447A675944735442654441647949503559446C51422B7542506A41483234453932412B4F4177374F4133666744384C4264524150306B452B4B4166335154316F42382F4265394350442F6776344B386976784C3761755972676D39567632583634763446386F764D39366A66324C2F426646662F44762F2F546E44674963414645524A6B4B48424468515950764E432F333866765A4467524A2B504A64434A503570506C524A32734A2F72456E47776E396D512F4F63372F34383854642B4A5077736C31456B2F53535434704A2F644A50576B6E7A386C37307338506341774F345267646B304D365A736669554937566F52334773546D735933636337762F7970384D3576434D344C6B64304A456432464D66747149376D654279766F3773503841776534526B396B3064365A732F69555A37566F7A334773336D735A2F63632F6E383070386435764364344C6B2F304A452F32464D2F74715A376D65547976702F735043417742455267445530414735734153554945316F414D6D734156735941386334582F775A38414666434145726B414D7045414F6C4D41647149455765414A766F49635075426775784D56344D563349692F6C69755641583634572B4D426662686233594C3437722F316E50433366684C384C4664524576306B572B4B4266335262316F46382F46653947764434674D4552455A49314E4552756249456C47524E61496A4A724A46624753504850452F4E4766455258776B524B35496A4B52496A70544948616D52466E6B69623654484430674D435A455945314E434A7562456B6C434A4E6145544A72456C62474A50484F6B2F6B6D66434A5877694A4B3545544B5245547054456E61694A6C6E675362364B6E4438674D475A455A4D314E475A75624D6B6C475A4E614D7A4A724E6C6247625048506B2F384766475A58776D5A4B354D7A4B524D7A70544D6E616D5A6C6E6B796236626E4479674D4256455943314E4246756243556C43467461414C7072415662474576484F562F6E6336434B2F68434B46794657456946584369467531414C72664155336B49764833417A33496962385761366B54667A7A584B6A6274596266574E757468743773393863392F2B796E6A667578742B456D2B736D3371536266464E7537707436303236656D2F656D33783951475371694D6C616D69717A4D6C6157694B6D74465630786C71396A4B586A6E7166785763465666786C5643354B7247534B726C534B6E656C566C726C71627956586A2B674D5452455932784D44646D59473074444E64614762706A473172434E765847302F36493547363768473646784E57496A4E584B6A4E4F3547626254473033676276583341772F4167487361483655452B7A412F4C67337059482F534465646765374D502B63447A2F4E58592B7541662F45423675682F695148764A4465626766366B4E3765423765682F3538774D7677496C37476C2B6C46767377767934743657562F3069336E5A58757A4C2F6E4B382F795635767267582F784A65727066346B6C377953336D35582B704C65336C653370662B666B426E36496A4F324A6B36736A4E336C6F3771724233644D5A3274597A7437352B6A2F46587832584D6433517566717845377135453770334A3361615A326E38335A36357738304375424D43734D53537741414141424A52553545726B4A6767673D3D227D2C226F7574707574223A5B22687474703A2F2F3132372E302E302E313A383037312F66696C65732F66696C652D30316D386137357774397674396D7062316E78387876386430722F75707363616C65642E706E673F657870697265733D305C75303032367369676E61747572653D427868666E574A4D384675666B51523345344B635A54366F7777376850586A6D707869523866587354594D225D2C22726573706F6E7365223A6E756C6C2C226572726F72223A6E756C6C2C22637265617465645F6174223A22323032362D31312D32355432303A34333A32372E3138333336325A222C22737461727465645F6174223A22323032362D31312D32355432303A34333A32372E3139373739335A222C22636F6D706C657465645F6174223A22323032362D31312D32355432303A34333A32372E3436313634335A222C22757064617465645F6174223A22323032362D31312D32355432303A34333A32372E3436313634335A222C2270726976616379223A2270726976617465222C22736F75726365223A22617069222C226D6F64656C223A7B226E616D65223A22736B79746F7765722D75707363616C652D3278222C2274797065223A22696D616765227D2C22776562686F6F6B223A7B2275726C223A2268747470733A2F2F72656365697665722E696E76616C69642F686F6F6B222C226576656E7473223A5B22636F6D706C65746564225D7D2C226D657472696373223A7B22696D6167655F636F756E74223A312C2261737365745F636F756E74223A312C22707265646963745F74696D65223A302E3139383230332C22746F74616C5F74696D65223A302E3237383238317D2C226D65746164617461223A7B2262696C6C696E67223A7B22637265646974735F75736564223A307D2C2273746F72616765223A7B2266696C6573223A5B7B226E616D65223A2275707363616C65642E706E67222C2274797065223A22696D6167652F706E67222C2273697A65223A333437322C2275726C223A22687474703A2F2F3132372E302E302E313A383037312F66696C65732F66696C652D30316D386137357774397674396D7062316E78387876386430722F75707363616C65642E706E673F657870697265733D305C75303032367369676E61747572653D427868666E574A4D384675666B51523345344B635A54366F7777376850586A6D707869523866587354594D227D5D7D2C22646174615F617661696C61626C65223A747275657D2C2275726C73223A7B22676574223A22687474703A2F2F3132372E302E302E313A383037312F76312F70726564696374696F6E732F30316132313437322D663234662D373561392D393534642D313961323331623130643533222C2263616E63656C223A22687474703A2F2F3132372E302E302E313A383037312F76312F70726564696374696F6E732F30316132313437322D663234662D373561392D393534642D3139613233316231306435332F63616E63656C222C2273747265616D223A22687474703A2F2F3132372E302E302E313A383037312F76312F70726564696374696F6E732F30316132313437322D663234662D373561392D393534642D3139613233316231306435332F73747265616D222C2264656C657465223A22687474703A2F2F3132372E302E302E313A383037312F76312F70726564696374696F6E732F30316132313437322D663234662D373561392D393534642D3139613233316231306435332F64656C657465227D7D', 'f31a419dc04b8cf35faf00e1c0c002bacfac57b26acb027b835eec9e387f08d5', 'pending', 2, 1795639407461643, 1795639445041067);
CREATE TABLE webhook_attempt (
    delivery text collate binary not null references webhook_delivery (id) on delete cascade,
    n        bigint not null,
    at       bigint not null,
    status   bigint not null, -- 0: no answer
    took     bigint not null, -- microseconds
    error    text   not null,
    answer   text   not null, -- its first KiB
    primary key (delivery, n)
);
insert into "webhook_attempt" ("delivery", "n", "at", "status", "took", "error", "answer") values ('whd_mkjylwpwxxqpffoc6cy33uxuqo', 1, 1795639407482501, 0, 5815, 'The receiver''s host name could not be resolved.', '');
insert into "webhook_attempt" ("delivery", "n", "at", "status", "took", "error", "answer") values ('whd_mkjylwpwxxqpffoc6cy33uxuqo', 2, 1795639412959679, 0, 1415, 'The receiver''s host name could not be resolved.', '');
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-25 20:43:20.219', '2026-11-25 20:43:45.226', 'tower_2026_11_25T20_43_20_211625', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-25 20:43:20');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-25 20:43:20');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-25 20:43:24.909', '{"queue": "local"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (2, '2026-11-25 20:43:27.463', '{"queue": "webhooks"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (3, '2026-11-25 20:43:31.411', '{"queue": "remote"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-25 20:43:20.241', X'0C', NULL, '2026-11-25 20:43:20.241');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-25 20:43:20.231', X'0C', NULL, '2026-11-25 20:43:20.231');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-25 20:43:20.221', X'0C', NULL, '2026-11-25 20:43:20.221');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-25 20:43:20.213', X'0C', NULL, '2026-11-25 20:43:20.213');
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313437322D653936392D376233662D623965332D666639326132303565613631576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-25 20:43:24.914', X'CB1FC71D766D5F323032365F31315F32355432305F34335F32305F323131363235', '2026-11-25 20:43:24.906', NULL, '2026-11-25 20:43:25.263', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-25 20:43:24.906', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (2, X'CC4E276964C72430316132313437322D663234662D373561392D393534642D313961323331623130643533576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-25 20:43:27.195', X'CB1FC71D766D5F323032365F31315F32355432305F34335F32305F323131363235', '2026-11-25 20:43:27.192', NULL, '2026-11-25 20:43:27.514', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-25 20:43:27.192', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (3, X'CC23276964C71E7768645F6D6B6A796C7770777878717066666F633663793333757875716F', 1, '2026-11-25 20:43:27.471', X'CB1FC71D766D5F323032365F31315F32355432305F34335F32305F323131363235', '2026-11-25 20:43:27.463', NULL, '2026-11-25 20:43:27.495', 'webhook_deliver', 1000, X'0C', 1, 'webhooks', 'completed', '2026-11-25 20:43:27.463', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (4, X'CC23276964C71E7768645F6D6B6A796C7770777878717066666F633663793333757875716F', 1, '2026-11-25 20:43:32.943', X'CB1FC71D766D5F323032365F31315F32355432305F34335F32305F323131363235', '2026-11-25 20:43:27.490', NULL, '2026-11-25 20:43:32.964', 'webhook_deliver', 1000, X'0C', 1, 'webhooks', 'completed', '2026-11-25 20:43:32.942', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (5, X'CC4E276964C72430316132313437322D663365322D376334622D623362352D343335656533623461633533576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-25 20:43:27.598', X'CB1FC71D766D5F323032365F31315F32355432305F34335F32305F323131363235', '2026-11-25 20:43:27.592', NULL, '2026-11-25 20:43:27.764', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-25 20:43:27.592', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (6, X'CC41276964C72430316132313437332D303264322D373663332D386339362D643436633337383834353362576D6F64656C777061696E74657277617474656D70741330', 1, '2026-11-25 20:43:31.417', X'CB1FC71D766D5F323032365F31315F32355432305F34335F32305F323131363235', '2026-11-25 20:43:31.411', NULL, NULL, 'prediction_run', 25, X'0C', 1, 'remote', 'running', '2026-11-25 20:43:31.411', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (7, X'CC23276964C71E7768645F6D6B6A796C7770777878717066666F633663793333757875716F', 0, NULL, NULL, '2026-11-25 20:43:32.963', NULL, NULL, 'webhook_deliver', 1000, X'0C', 1, 'webhooks', 'scheduled', '2026-11-25 20:44:05.041', X'0B', NULL, NULL);
CREATE INDEX account_created on account (created_at, id);
CREATE UNIQUE INDEX api_key_digest on api_key (digest);
CREATE INDEX api_key_created on api_key (created_at, id);
CREATE INDEX api_key_account on api_key (account, created_at, id);
CREATE UNIQUE INDEX operator_key_digest on operator_key (digest);
CREATE INDEX operator_key_operator on operator_key (operator, created_at, id);
CREATE INDEX audit_at on audit (at, seq);
CREATE INDEX audit_subject on audit (subject, seq);
CREATE INDEX catalog_name_model on catalog_name (model, position);
CREATE INDEX charge_line_account on charge_line (account, at);
CREATE INDEX request_log_account on request_log (account, at);
CREATE INDEX prediction_account on prediction (account, created_at, id);
CREATE INDEX prediction_model on prediction (account, model, created_at, id);
CREATE INDEX prediction_status on prediction (account, status, created_at, id);
CREATE UNIQUE INDEX prediction_idempotency on prediction (account, idempotency_key) where idempotency_key is not null;
CREATE INDEX prediction_waiting on prediction (account, created_at, id) where status = 'pending' and not handed;
CREATE INDEX prediction_waiting_model on prediction (model, account, created_at, id) where status = 'pending' and not handed;
CREATE INDEX prediction_running on prediction (beat) where handed;
CREATE INDEX prediction_purge on prediction (purge_at) where purge_at > 0;
CREATE INDEX file_account on file (account, created_at, id) where role = 'upload';
CREATE INDEX file_prediction on file (prediction, ordinal) where prediction <> '';
CREATE INDEX file_unkept on file (state, created_at) where state <> 'kept';
CREATE INDEX file_expires on file (expires_at) where expires_at > 0;
CREATE UNIQUE INDEX webhook_delivery_prediction on webhook_delivery (prediction, seq);
CREATE INDEX webhook_delivery_open on webhook_delivery (prediction, seq) where state in ('pending', 'sending');
CREATE INDEX webhook_delivery_sending on webhook_delivery (next_at) where state = 'sending';
CREATE INDEX webhook_delivery_created on webhook_delivery (created_at);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
delete from sqlite_sequence;
insert into sqlite_sequence (name, seq) values ('audit', 8);
insert into sqlite_sequence (name, seq) values ('change', 8);
insert into sqlite_sequence (name, seq) values ('goose_db_version', 6);
insert into sqlite_sequence (name, seq) values ('river_job', 7);
insert into sqlite_sequence (name, seq) values ('river_notification', 3);
commit;
