pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-24 08:32:55');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-24 08:32:55');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-24 08:32:55');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-24 08:32:55');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-24 08:32:55');
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
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', 1795509175662687);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_cgi3ql44doglnljjlelhionu3p', 1795509175662687);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_bbzup3ze34igxxpwlhookhoe6y', 1795509175662687);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'catalog', '1', 1795509178098463);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'account', 'acct_u6px5viifcesullq4ff6clodi7', 1795509178232428);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'key', 'key_zgsdxdxcnvvqxutnjkvsc7ky6o', 1795509178602195);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'key', 'key_zgsdxdxcnvvqxutnjkvsc7ky6o', 1795509178755622);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'key', 'key_mhk2um3i7sx3xwgkhslcpb65br', 1795509178874810);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'account', 'acct_u6px5viifcesullq4ff6clodi7', 1795509178984070);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at") values ('acct_cgi3ql44doglnljjlelhionu3p', 'Default', '', 1795509175662074, NULL, NULL);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at") values ('acct_u6px5viifcesullq4ff6clodi7', 'Research', 'unpaid', 1795509178232225, 1795509178983991, 1795509178983991);
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
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at") values ('key_bbzup3ze34igxxpwlhookhoe6y', 'acct_cgi3ql44doglnljjlelhionu3p', 'First key', X'C25850A5C3937551EC62C7119D43DC8AD8731EB94D98EBAA13877D4EDAD925B4', 'sk-4tx0…2FEc', '*', 1795509175662079, NULL, NULL);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at") values ('key_mhk2um3i7sx3xwgkhslcpb65br', 'acct_u6px5viifcesullq4ff6clodi7', 'third', X'25A0B7065C21961F6DE371A82F1A2FC286857776A905D0BF099C037226631CAB', 'sk-C9k1…jar9', 'inference', 1795509178874321, 2110869178863951, NULL);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at") values ('key_zgsdxdxcnvvqxutnjkvsc7ky6o', 'acct_u6px5viifcesullq4ff6clodi7', 'second', X'B9D4C5ED00C983CF2A5FD011FAC7DCBAB18947926A6CF19C42A70CA98D65EFFB', 'sk-tBeS…1eMg', '*', 1795509178601905, NULL, 1795509178755499);
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
);
insert into "operator" ("id", "name", "role", "created_at") values ('opr_bcj6dg3axi7avfhlgyn7ztpt46', 'First operator', 'operator', 1795509175662074);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_lfrdj3nxvjloqq7njxc6ccucwp', 'opr_bcj6dg3axi7avfhlgyn7ztpt46', X'64679A3DA2A315742D7CA5C6273FD330A0E6EE07680A476316707FEF4F7F2514', 'op-D65d…xxUq', 1795509175662074, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795509175662096);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795509175662208, 'system', 'operator.create', 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795509175662255, 'system', 'account.create', 'acct_cgi3ql44doglnljjlelhionu3p', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795509175662344, 'system', 'key.create', 'key_bbzup3ze34igxxpwlhookhoe6y', 'acct_cgi3ql44doglnljjlelhionu3p');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795509178097967, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'provider.put', 'upstream', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:9/v1; credential: (none) → env:UPSTREAM_KEY; fetch_inputs: (none) → deny; responses: (none) → auto; managed: (none) → fx.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795509178097967, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'model.put', 'example-chat', 'name: (none) → Example chat; type: (none) → text; api: (none) → chat; privacy: (none) → public; aliases: (none) → example; free: (none) → true; context_length: (none) → 8192; targets: (none) → [{"provider":"upstream","model":"up-chat","weight":1}]; open: (none) → true; managed: (none) → fx.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795509178097967, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'model.put', 'example-embed', 'type: (none) → text; api: (none) → embeddings; privacy: (none) → public; targets: (none) → [{"provider":"upstream","model":"up-embed","priority":1,"weight":3}]; managed: (none) → fx.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795509178097967, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'settings.put', 'default_chat', 'default_chat: (none) → example-chat');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795509178232399, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'account.create', 'acct_u6px5viifcesullq4ff6clodi7', 'Research');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795509178602172, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'key.create', 'key_zgsdxdxcnvvqxutnjkvsc7ky6o', 'acct_u6px5viifcesullq4ff6clodi7');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795509178755534, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'key.revoke', 'key_zgsdxdxcnvvqxutnjkvsc7ky6o', 'acct_u6px5viifcesullq4ff6clodi7');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795509178874788, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'key.create', 'key_mhk2um3i7sx3xwgkhslcpb65br', 'acct_u6px5viifcesullq4ff6clodi7');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (12, 1795509178984037, 'opr_bcj6dg3axi7avfhlgyn7ztpt46', 'account.suspend', 'acct_u6px5viifcesullq4ff6clodi7', 'unpaid');
CREATE TABLE catalog_revision (
    id       bigint not null primary key check (id = 1),
    revision bigint not null
);
insert into "catalog_revision" ("id", "revision") values (1, 1);
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
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('upstream', 'openai', 'http://127.0.0.1:9/v1', 'env:UPSTREAM_KEY', '', 'deny', 'auto', 'fx.yaml', 1795509178097803);
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
);
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at") values ('example-chat', 1, 0, 'Example chat', '', 'text', 'chat', 'public', '', '', '', 1, 0, 0, 8192, 'fx.yaml', 1795509178097803);
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at") values ('example-embed', 2, 0, '', '', 'text', 'embeddings', 'public', '', '', '', 0, 0, 0, 0, 'fx.yaml', 1795509178097803);
CREATE TABLE catalog_name (
    folded   text collate binary not null primary key,
    name     text collate binary not null,
    model    text collate binary not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
insert into "catalog_name" ("folded", "name", "model", "position") values ('example', 'example', 'example-chat', 1);
insert into "catalog_name" ("folded", "name", "model", "position") values ('example-chat', 'example-chat', 'example-chat', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('example-embed', 'example-embed', 'example-embed', 0);
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
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs") values ('example-chat', 0, 'upstream', 'up-chat', 0, 1, '');
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs") values ('example-embed', 0, 'upstream', 'up-embed', 1, 3, '');
CREATE TABLE catalog_default (
    api   text collate binary not null primary key,
    model text collate binary not null
);
insert into "catalog_default" ("api", "model") values ('chat', 'example-chat');
CREATE TABLE charge_batch (
    id    text collate binary not null primary key,
    at    bigint not null, -- microseconds since 1970
    lines bigint not null
 ) without rowid;
insert into "charge_batch" ("id", "at", "lines") values ('hogdj2k0ho-ryjx89byo8ek', 1795509179088252, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hogdj2lwpx-oyn99v26txrf', 1795509179176677, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hogdj2nzyw-3p3ixkxh0e1we', 1795509179274200, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hogdj2psiq-1nc1y1diozkvj', 1795509179357858, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hogdj2rtqz-3w335u5h3zsow', 1795509179452763, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hogdj2ts4j-2lc4yup9gry72', 1795509179543971, 1);
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
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m86azmp8ve2ztacm0vddndaw', 'hogdj2k0ho-ryjx89byo8ek', 1795509179083931, 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-docs', 'local/skytower-docs', 0, 7, 556, 0, 0, 0, 0, 'ok');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m86azms8t4k4fj9t8x8q9arw', 'hogdj2lwpx-oyn99v26txrf', 1795509179176661, 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-embed-small', 'local/skytower-embed-small', 0, 4, 0, 0, 0, 0, 0, 'ok');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m86azmw45h630vy46tcw36d2', 'hogdj2nzyw-3p3ixkxh0e1we', 1795509179269897, 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-docs', 'local/skytower-docs', 0, 7, 556, 0, 0, 0, 0, 'ok');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m86azmyxhsyawh9n36b10cs0', 'hogdj2psiq-1nc1y1diozkvj', 1795509179357842, 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-embed-small', 'local/skytower-embed-small', 0, 4, 0, 0, 0, 0, 0, 'ok');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m86azn1qhaxekx0t6htmbmqp', 'hogdj2rtqz-3w335u5h3zsow', 1795509179448516, 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-docs', 'local/skytower-docs', 0, 7, 556, 0, 0, 0, 0, 'ok');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome") values ('req_01m86azn4q8mxprjq0abt0azym', 'hogdj2ts4j-2lc4yup9gry72', 1795509179543954, 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-embed-small', 'local/skytower-embed-small', 0, 4, 0, 0, 0, 0, 0, 'ok');
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azkq6qe6sfwp6mm8synn7', 1795509178086550, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 545, 988, 6359, 6669, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azkqgatdyd7xn0j9ts57h', 1795509178096937, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 530, 989, 25352, 25359, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azkvrqpb9k2zwazps8gjj', 1795509178232000, 'POST', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 19, 119, 2168, 2176, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azkyz9rcr2cyxqghqkys9', 1795509178335136, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 0, 249, 620, 626, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azm38tsnt3kmjyb8jd9g9', 1795509178472652, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 0, 249, 466, 472, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azm798x1ywvhc7d5s2g20', 1795509178601762, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 61, 366, 10150, 10158, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azmc3hfebgs5gtjdjjexc', 1795509178755189, 'POST', '/admin/v1/keys/{id}/revoke', '/admin/v1/keys/key_zgsdxdxcnvvqxutnjkvsc7ky6o/revoke', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 0, 327, 2251, 2257, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azmft0tf85cfrxhsq2t3j', 1795509178874190, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 129, 315, 2697, 2703, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azmk7gmhhxf0p8wtw5a06', 1795509178983344, 'POST', '/admin/v1/accounts/{id}/suspend', '/admin/v1/accounts/acct_u6px5viifcesullq4ff6clodi7/suspend', 200, 'ok', '', 'operator', 'opk_lfrdj3nxvjloqq7njxc6ccucwp', '', '', 0, 0, 19, 187, 5311, 5319, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azmp8ve2ztacm0vddndaw', 1795509179080930, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-docs', 'local/skytower-docs', 7, 556, 102, 15579, 995, 9298, 1, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azms8t4k4fj9t8x8q9arw', 1795509179176517, 'POST', '/v1/embeddings', '/v1/embeddings', 200, 'ok', '', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-embed-small', 'local/skytower-embed-small', 4, 0, 63, 1339, 2573, 2584, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azmw45h630vy46tcw36d2', 1795509179268096, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-docs', 'local/skytower-docs', 7, 556, 102, 15579, 393, 7666, 1, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azmyxhsyawh9n36b10cs0', 1795509179357644, 'POST', '/v1/embeddings', '/v1/embeddings', 200, 'ok', '', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-embed-small', 'local/skytower-embed-small', 4, 0, 63, 1339, 1850, 1861, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azn1qhaxekx0t6htmbmqp', 1795509179447021, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-docs', 'local/skytower-docs', 7, 556, 102, 15579, 548, 7114, 1, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azn4q8mxprjq0abt0azym', 1795509179543768, 'POST', '/v1/embeddings', '/v1/embeddings', 200, 'ok', '', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'skytower-embed-small', 'local/skytower-embed-small', 4, 0, 63, 1339, 1457, 1468, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azn7cm9e67b33bbt0mys6', 1795509179628639, 'POST', '/v1/chat/completions', '/v1/chat/completions', 503, 'error', 'SERVICE_UNAVAILABLE', 'acct_cgi3ql44doglnljjlelhionu3p', 'key_bbzup3ze34igxxpwlhookhoe6y', 'example-chat', 'upstream/up-chat', 0, 0, 38, 277, 663, 668, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m86azna5h51bj373e34dxadf', 1795509179717327, 'GET', '/v1/models', '/v1/models', 401, 'error', 'UNAUTHORIZED', '', '', '', '', 0, 0, 0, 212, 157, 161, 0, '127.0.0.1');
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
delete from sqlite_sequence;
insert into sqlite_sequence (name, seq) values ('audit', 12);
insert into sqlite_sequence (name, seq) values ('change', 9);
insert into sqlite_sequence (name, seq) values ('goose_db_version', 5);
commit;
