pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (7, 6, 1, '2026-11-26 02:31:36');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (8, 7, 1, '2026-11-26 02:31:36');
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
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', 1795660297856480);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 1795660297856480);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_tekwvnfmfktogcgbbfc72hd7ur', 1795660297856480);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'key', 'key_xinq77sqnuxircll3uiyb2ddq4', 1795660301476532);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'catalog', '1', 1795660301671988);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'catalog', '2', 1795660302072486);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_8fa9555085904e779e21235e87bb0cbc', 1795660304043986);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_8fa9555085904e779e21235e87bb0cbc', 1795660304054552);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_95749e7fed3b32af94a9612f074c7674', 1795660306173095);
insert into "change" ("seq", "kind", "ref", "at") values (10, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_95749e7fed3b32af94a9612f074c7674', 1795660306277969);
insert into "change" ("seq", "kind", "ref", "at") values (11, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_95749e7fed3b32af94a9612f074c7674', 1795660306777725);
insert into "change" ("seq", "kind", "ref", "at") values (12, 'response_stop', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_95749e7fed3b32af94a9612f074c7674', 1795660307234473);
insert into "change" ("seq", "kind", "ref", "at") values (13, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_95749e7fed3b32af94a9612f074c7674', 1795660307244355);
insert into "change" ("seq", "kind", "ref", "at") values (14, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_1413627bb29295f2950ce395b6c4442e', 1795660307298654);
insert into "change" ("seq", "kind", "ref", "at") values (15, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_1413627bb29295f2950ce395b6c4442e', 1795660307403559);
insert into "change" ("seq", "kind", "ref", "at") values (16, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_1413627bb29295f2950ce395b6c4442e', 1795660307903230);
insert into "change" ("seq", "kind", "ref", "at") values (17, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_1413627bb29295f2950ce395b6c4442e', 1795660308403231);
insert into "change" ("seq", "kind", "ref", "at") values (18, 'response', 'acct_efo4nu6hbp4vsbuokmml7uuwt3/resp_1413627bb29295f2950ce395b6c4442e', 1795660308903755);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0, tier text not null default '', auto_tier bigint not null default 1);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'Default', '', 1795660297855875, NULL, NULL, '', -1, 0, '', 1);
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
, member text collate binary not null default '', addresses text not null default '', models text not null default '', budget bigint not null default -1, rotated_to text collate binary not null default '', last_used_at bigint not null default 0);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at") values ('key_tekwvnfmfktogcgbbfc72hd7ur', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'First key', X'B8F22C12422E94E431BBF9F1B173BD53C9A79886DD7B12E30971F261E1437E35', 'sk-n26i…ckun', '*', 1795660297855895, NULL, NULL, '', '', '', -1, '', 0);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at") values ('key_xinq77sqnuxircll3uiyb2ddq4', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'second', X'FED8B5FAF9D743030BD0336954E689EA39F5580EF89C3128DCA03F4E3E47B101', 'sk-vgSE…MzUE', '*', 1795660301474568, NULL, NULL, '', '', '', 5000000000, '', 0);
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
);
insert into "operator" ("id", "name", "role", "created_at") values ('opr_coprruvsphnyjwvdhvbitsaqnm', 'First operator', 'operator', 1795660297855874);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_zp7kiuwwtmjm6gnfn32hq3n2ye', 'opr_coprruvsphnyjwvdhvbitsaqnm', X'3998712F1F474EA9125F088A28E184009D83285EC036CF073CA01BD2652C56CF', 'op-AFhk…PZwZ', 1795660297855874, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795660297855914);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795660297856036, 'system', 'operator.create', 'opr_coprruvsphnyjwvdhvbitsaqnm', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795660297856082, 'system', 'account.create', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795660297856137, 'system', 'key.create', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'acct_efo4nu6hbp4vsbuokmml7uuwt3');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795660301362822, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'credit.grant', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', '10.00 USD: Welcome');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795660301476371, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'key.create', 'key_xinq77sqnuxircll3uiyb2ddq4', 'acct_efo4nu6hbp4vsbuokmml7uuwt3');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'provider.put', 'up', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:7411/v1; responses: (none) → auto; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'model.put', 'auto', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; router: (none) → {"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'model.put', 'big', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":2,"output":8}; context_length: (none) → 128000; targets: (none) → [{"provider":"up","model":"big","weight":1,"first_byte_timeout":"20s","idle_timeout":"10s"}]; features: (none) → text, tools, images, json_schema; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'model.put', 'small', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":0.5,"output":1}; targets: (none) → [{"provider":"up","model":"down","weight":1},{"provider":"up","model":"small","priority":1,"weight":1,"cost":{"currency"…; features: (none) → text; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'settings.put', 'default_chat', 'default_chat: (none) → small');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795660302072056, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'model.put', 'deepbrain-router', 'router: (none) → {"policy":"fixed","models":["small","big"],"sticky":"auto"}');
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
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('up', 'openai', 'http://127.0.0.1:7411/v1', '', '', '', 'auto', 'r.yaml', 1795660301667831);
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
, input_schema text not null default '', output_schema text not null default '', deadline text not null default '', concurrency bigint not null default 0, pricing text not null default '', price_version bigint not null default 0, edge boolean not null default false, router text not null default '', features text collate binary not null default '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('auto', 3, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795660301667831, '', '', '', 0, '', 0, 0, '{"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('big', 2, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 128000, 'r.yaml', 1795660301667831, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":2,"output":8}', 1, 0, '', 'text tools images json_schema');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('deepbrain-router', 4, 1, '', '', '', '', '', '', '', '', 0, 0, 0, 0, '', 1793491200000000, '', '', '', 0, '', 0, 0, '{"policy":"fixed","models":["small","big"],"sticky":"auto"}', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('small', 1, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795660301667831, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":0.5,"output":1}', 2, 0, '', 'text');
CREATE TABLE catalog_name (
    folded   text collate binary not null primary key,
    name     text collate binary not null,
    model    text collate binary not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
insert into "catalog_name" ("folded", "name", "model", "position") values ('auto', 'auto', 'auto', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('big', 'big', 'big', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('deepbrain-router', 'deepbrain-router', 'deepbrain-router', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('small', 'small', 'small', 0);
CREATE TABLE catalog_target (
    model        text collate binary not null references catalog_model (slug) on delete cascade,
    position     bigint not null,
    provider     text collate binary not null,
    upstream     text   not null,
    priority     bigint not null,
    weight       bigint not null,
    fetch_inputs text   not null, cost text not null default '', first_byte_timeout text not null default '', idle_timeout text not null default '',
    primary key (model, position)
);
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('big', 0, 'up', 'big', 0, 1, '', '', '20s', '10s');
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('small', 0, 'up', 'down', 0, 1, '', '', '', '');
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('small', 1, 'up', 'small', 1, 1, '', '{"currency":"USD","unit":"million_token","input":0.1,"output":0.2}', '', '');
CREATE TABLE catalog_default (
    api   text collate binary not null primary key,
    model text collate binary not null
);
insert into "catalog_default" ("api", "model") values ('chat', 'small');
CREATE TABLE charge_batch (
    id    text collate binary not null primary key,
    at    bigint not null, -- microseconds since 1970
    lines bigint not null
 ) without rowid;
insert into "charge_batch" ("id", "at", "lines") values ('hoiaye6wk0-pz18ol33xx1q', 1795660303605840, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoiayeaxkv-2346d6q06uwk7', 1795660303793791, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoiayed0ps-1ie65chk3g0ft', 1795660303891168, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoiayeek02-3ih88xtj68mpd', 1795660303962818, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoiayeggo7-1si4s7j7ju5wl', 1795660304051815, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoiaygctud-1yejg0ml9u78i', 1795660307241493, 1);
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
, kind text not null default 'tokens', quantity bigint not null default 0, unit text not null default '', rate bigint not null default 0, cost bigint not null default 0, budget text collate binary not null default '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8av3k5vjf4n09frrfgers69', 'hoiaye6wk0-pz18ol33xx1q', 1795660303605744, 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'small', 'up/small', 2, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8av3kad8vm5dq61dhzbmvew', 'hoiayeaxkv-2346d6q06uwk7', 1795660303793701, 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'small', 'up/small', 2, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8av3kgem8zcm1c37b46rcr8', 'hoiayed0ps-1ie65chk3g0ft', 1795660303891123, 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8av3kjst8246bw247s9wc2r', 'hoiayeek02-3ih88xtj68mpd', 1795660303962790, 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_8fa9555085904e779e21235e87bb0cbc', 'hoiayeggo7-1si4s7j7ju5wl', 1795660304047401, 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_95749e7fed3b32af94a9612f074c7674', 'hoiaygctud-1yejg0ml9u78i', 1795660307237040, 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'up/big', 1, 48, 3, 0, 0, 120000, 1, 'hang_up', 'tokens', 0, '', 0, 0, '');
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3gvd3wgqkg77c8wgpzss', 1795660301165819, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 0, 213, 982, 990, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3h1jgfbaz02fx7nfyh4f', 1795660301362008, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_efo4nu6hbp4vsbuokmml7uuwt3/credit', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 51, 253, 8855, 8864, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3h51fpjr3bf2vjt7w2kj', 1795660301473778, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 28, 431, 6465, 6473, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3have9fsqsnxk0e4fwxr', 1795660301659924, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 816, 1558, 2120, 2127, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3hb0w100qdx9t1t5ebc0', 1795660301664973, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 801, 1559, 25947, 25955, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3hqjgxy9e6hgavv710nm', 1795660302066192, 'GET', '/admin/v1/models', '/admin/v1/models', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 0, 3142, 2036, 2058, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3hqq3wst13b3aazq7j4r', 1795660302071166, 'PUT', '/admin/v1/models/{slug}', '/admin/v1/models/deepbrain-router', 200, 'ok', '', 'operator', 'opk_zp7kiuwwtmjm6gnfn32hq3n2ye', '', '', 0, 0, 159, 175, 15085, 15095, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3j3sq8c51m2bd6gpjt4j', 1795660302457744, 'POST', '/v1/predictions', '/v1/predict', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'skytower-upscale-2x', '', 0, 0, 446, 1268, 9991, 10035, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3k5vjf4n09frrfgers69', 1795660303547998, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'small', 'up/small', 7, 9, 60, 273, 60852, 60974, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3kad8vm5dq61dhzbmvew', 1795660303693079, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'small', 'up/small', 7, 9, 55, 1030, 107486, 107601, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3kgem8zcm1c37b46rcr8', 1795660303886741, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'up/big', 7, 9, 106, 1041, 9576, 9682, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3kjst8246bw247s9wc2r', 1795660303961712, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'up/big', 7, 9, 37, 1021, 3410, 3427, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3kmrzv3zkb96qd0cn6vr', 1795660304024654, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', '', 0, 0, 49, 624, 6911, 6924, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3nqb5pd9079anq6da958', 1795660306155924, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', '', 0, 0, 78, 624, 7201, 7211, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3ps05fznwak3xf4s29np', 1795660307232885, 'POST', '/v1/responses/{id}/cancel', '/v1/responses/resp_95749e7fed3b32af94a9612f074c7674/cancel', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', '', '', 0, 0, 0, 627, 13580, 13589, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8av3ptp74xbj4tc1x4tep65', 1795660307286706, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', '', 0, 0, 98, 624, 3532, 3542, 0, '127.0.0.1');
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
, amount bigint not null default 0, price_version bigint not null default 0, quote text not null default '');
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key", "amount", "price_version", "quote") values ('01a215b1-c87a-71fa-a3ef-48873781bf33', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'cancelled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABGdBTUEAALGPC/xhBQAAACBjSFJNAAB6JgAAgIQAAPoAAACA6AAAdTAAAOpgAAA6mAAAF3CculE8AAAABlBMVEX/AAD///9BHTQRAAAAAWJLR0QB/wIt3gAAAAd0SU1FB+oLGgIfIMbP7pYAAAALSURBVAjXY2BABQAAEAABocUhwQAAACV0RVh0ZGF0ZTpjcmVhdGUAMjAyNi0xMS0yNlQwMjozMTozMSswMDowMHXBymwAAAAldEVYdGRhdGU6bW9kaWZ5ADIwMjYtMTEtMjZUMDI6MzE6MzErMDA6MDAEnHLQAAAAAElFTkSuQmCC"}', 'succeeded', 4, 1795660302458124, 1795660302477066, 1795660302526123, 1795660302526123, NULL, X'BA7F73F15114592D837378F22A4D9D52E17B715B084B1DD8983471EFE5FEF0AD', 0, 1, 1795660302526434, 0, '', '', '', 1795662102477066, 'null', '', '', '', 99999, 16839, 0, 1795746702526123, 0, '', '', 'http://127.0.0.1:8071', '', 0, 0, '');
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
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 0, 1795660302458739, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795660302458739, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 20783, 'skytower-upscale-2x', 'succeeded', 1);
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
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8av3j5nvpz65kh1zrrsw03t', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', '01a215b1-c87a-71fa-a3ef-48873781bf33', 1, 0, 'output', 'upscaled.png', 'image/png', 500, '', X'747B4EABE53DB03545368B1E57F4198EFDEF6B92D4B1BF18AA723986B4359979', 'kept', 1795660302517245, 1795746702526123);
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
CREATE TABLE account_member (
    id         text collate binary not null primary key,
    account    text collate binary not null references account (id),
    name       text   not null,
    email      text collate binary not null, -- in lower case, or ''
    role       text   not null check (role in ('owner', 'developer', 'billing', 'viewer')),
    created_at bigint not null,
    removed_at bigint not null
);
CREATE TABLE price (
    version bigint not null primary key, -- from 1
    model   text collate binary not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
insert into "price" ("version", "model", "at", "actor", "spec") values (1, 'big', 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', '{"currency":"USD","unit":"million_token","input":2,"output":8}');
insert into "price" ("version", "model", "at", "actor", "spec") values (2, 'small', 1795660301668459, 'opr_coprruvsphnyjwvdhvbitsaqnm', '{"currency":"USD","unit":"million_token","input":0.5,"output":1}');
CREATE TABLE catalog_grant (
    model   text collate binary not null references catalog_model (slug) on delete cascade,
    account text collate binary not null,
    primary key (model, account)
);
CREATE TABLE purse (
    id          text collate binary not null primary key, -- acct_…, or key_…/2026-11
    kind        text   not null check (kind in ('account', 'key')),
    owner       text collate binary not null, -- the account
    credit_line bigint not null, -- how far below zero an account may go
    draw_order  text   not null, -- kinds of buckets, with spaces
    held        bigint not null, -- sum of the open holds
    seq         bigint not null, -- numbers the buckets of the purse
    earlier     bigint not null default 0, -- of a key's: charged in the month before there was a budget
    created_at  bigint not null
);
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'account', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 0, 'sponsored deposited payg', 0, 3, 0, 1795660301364428);
CREATE TABLE bucket (
    id         text collate binary not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text collate binary not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3:deposited', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'deposited', 1, 0, 0, 1795660301364428);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3:payg', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'payg', 2, 0, 0, 1795660301364428);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'sponsored', 3, 9999597000, 0, 1795660301364428);
CREATE TABLE posting (
    transfer text collate binary not null,
    source   text collate binary not null,
    dest     text collate binary not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
 ) without rowid;
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoiaye6wk0-pz18ol33xx1q', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'revenue', 12500, 1795660303605840);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoiayeaxkv-2346d6q06uwk7', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'revenue', 12500, 1795660303793791);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoiayed0ps-1ie65chk3g0ft', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'revenue', 86000, 1795660303891168);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoiayeek02-3ih88xtj68mpd', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'revenue', 86000, 1795660303962818);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoiayeggo7-1si4s7j7ju5wl', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'revenue', 86000, 1795660304051815);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoiaygctud-1yejg0ml9u78i', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'revenue', 120000, 1795660307241493);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_efo4nu6hbp4vsbuokmml7uuwt3/j5pfy67skv7wa5ufzfebncv6ut', 'granted', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 10000000000, 1795660301362822);
CREATE TABLE transfer (
    id      text collate binary not null primary key,
    kind    text   not null, -- grant, deposit, refund, dispute, expiry, adjustment, prediction
    account text collate binary not null,
    amount  bigint not null,
    at      bigint not null,
    actor   text   not null,
    reason  text   not null,
    ref     text   not null, -- of the cause, elsewhere
    digest  blob not null
);
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_efo4nu6hbp4vsbuokmml7uuwt3/j5pfy67skv7wa5ufzfebncv6ut', 'grant', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 10000000000, 1795660301362822, 'opr_coprruvsphnyjwvdhvbitsaqnm', 'Welcome', '', X'1072164649FF82F2A72C0BF2C74919B61D081423AEEF2A5743DF6943CB1A0237');
CREATE TABLE lease (
    id         text collate binary not null primary key,
    purse      text collate binary not null,
    bucket     text collate binary not null,
    replica    text collate binary not null,
    amount     bigint not null,
    used       bigint not null,
    state      text   not null check (state in ('live', 'ended')),
    recall     bigint not null, -- when others asked for what is idle; 0: nobody
    created_at bigint not null,
    expires_at bigint not null
);
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_RQM46SADTNPWFGUYQY6NW2VIEJ', 'acct_efo4nu6hbp4vsbuokmml7uuwt3', 'acct_efo4nu6hbp4vsbuokmml7uuwt3:sponsored:3', 'IFPJ42T55NEJIN2FHTCTQKTTGR', 2493408000, 403000, 'live', 0, 1795660303549283, 1795660363549283);
CREATE TABLE hold (
    id         text collate binary not null primary key, -- the prediction
    purse      text collate binary not null,
    key_purse  text collate binary not null, -- or ''
    account    text collate binary not null,
    api_key    text collate binary not null,
    model      text   not null,
    amount     bigint not null,
    created_at bigint not null,
    expires_at bigint not null
);
CREATE TABLE hold_end (
    hold   text collate binary not null primary key,
    how    text   not null check (how in ('settled', 'void', 'expired')),
    amount bigint not null, -- charged
    at     bigint not null
);
CREATE TABLE limit_rule (
    id          text collate binary not null primary key,
    account     text collate binary not null,
    api_key     text collate binary not null, -- '': the account's
    surface     text collate binary not null,
    route       text collate binary not null,
    model       text collate binary not null,
    requests    bigint not null,
    tokens_in   bigint not null,
    tokens_out  bigint not null,
    concurrency bigint not null,
    created_at  bigint not null
);
CREATE TABLE spend_month (
    account text collate binary not null,
    month   text collate binary not null, -- 2026-11
    before  bigint not null,
    spent   bigint not null, -- in the month, as last looked at
    primary key (account, month)
);
CREATE TABLE checkout (
    id         text collate binary not null primary key, -- chk_…
    account    text collate binary not null,
    processor  text   not null,
    session    text collate binary not null, -- the processor's id, '' until it is known
    payment    text collate binary not null, -- likewise, of the payment
    amount     bigint not null,
    state      text   not null check (state in ('open', 'paid', 'failed', 'expired')),
    refunded   bigint not null,
    disputed   bigint not null,
    created_at bigint not null,
    changed_at bigint not null
);
CREATE TABLE payment_event (
    processor text collate binary not null,
    id        text collate binary not null,
    kind      text   not null,
    payment   text collate binary not null, -- the processor's ids of what it is about, or ''
    dispute   text collate binary not null,
    amount    bigint not null,
    at        bigint not null,
    outcome   text   not null,
    primary key (processor, id)
);
CREATE TABLE response_thread (
    account    text collate binary not null,
    id         text collate binary not null, -- its first response
    expires_at bigint not null,
    primary key (account, id)
);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_1413627bb29295f2950ce395b6c4442e', 1798252307287452);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_8fa9555085904e779e21235e87bb0cbc', 1798252304054471);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_95749e7fed3b32af94a9612f074c7674', 1798252307244187);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', 1798252303894195);
CREATE TABLE response (
    account    text collate binary not null,
    id         text collate binary not null,
    thread     text collate binary not null,
    previous   text collate binary not null, -- or ''
    api_key    text collate binary not null,
    model      text   not null, -- slug of the resolved model; '' until it is known
    state      text   not null check (state in ('queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled')),
    background boolean not null,
    body       text   not null, -- the response object as it was told last
    request    text   not null, -- of the background: what is to be done (JSON), '' once it is
    attempt    bigint not null, -- of the background: counts those who decide about it
    sequence   bigint not null, -- of the last event that is kept, -1 without any
    cancel_at  bigint not null, -- when its end was asked for
    beat_at    bigint not null, -- of the background: when it was queued or known to run last
    created_at bigint not null,
    ended_at   bigint not null,
    primary key (account, id)
);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_0b960b4c43aafa938bbdc789f6b30e9d', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'completed', 0, '{"id":"resp_0b960b4c43aafa938bbdc789f6b30e9d","object":"response","created_at":1795660303,"completed_at":1795660303,"status":"completed","background":false,"model":"big","output_text":"You said: Who? (3 messages)","output":[{"id":"msg_cb3e63a3af11c7bbab0891715f02741e","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":"resp_a6427a413f8b02dc3e3cf29206ecd70c","store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795660303000000, 1795660303893555);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_1413627bb29295f2950ce395b6c4442e', 'resp_1413627bb29295f2950ce395b6c4442e', '', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'in_progress', 1, '{"id":"resp_1413627bb29295f2950ce395b6c4442e","object":"response","created_at":1795660307,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '{"who":{"Account":"acct_efo4nu6hbp4vsbuokmml7uuwt3","Key":"key_tekwvnfmfktogcgbbfc72hd7ur","Scopes":255,"Tier":"1","Models":null,"Budget":0,"Budgeted":false},"surface":"standard","body":{"model":"big","background":true,"input":"slow and left behind one two three four five six seven"}}', 1, 7, 0, 1795660308903454, 1795660307286929, 0);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_8fa9555085904e779e21235e87bb0cbc', 'resp_8fa9555085904e779e21235e87bb0cbc', '', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'completed', 1, '{"id":"resp_8fa9555085904e779e21235e87bb0cbc","object":"response","created_at":1795660304,"completed_at":1795660304,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_7cfb939b2873f29929fc566ab65138a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 13, 0, 1795660304043296, 1795660304025031, 1795660304053881);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_95749e7fed3b32af94a9612f074c7674', 'resp_95749e7fed3b32af94a9612f074c7674', '', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'big', 'cancelled', 1, '{"id":"resp_95749e7fed3b32af94a9612f074c7674","object":"response","created_at":1795660306,"completed_at":null,"status":"cancelled","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 6, 1795660307234353, 1795660306777022, 1795660306156451, 1795660307243590);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', '', 'key_tekwvnfmfktogcgbbfc72hd7ur', 'small', 'completed', 0, '{"id":"resp_a6427a413f8b02dc3e3cf29206ecd70c","object":"response","created_at":1795660303,"completed_at":1795660303,"status":"completed","background":false,"model":"small","output_text":"You said: My name is Ada. (1 messages)","output":[{"id":"msg_749984d459a7825a81fb82f9e9185c82","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795660303000000, 1795660303797029);
CREATE TABLE response_item (
    account    text collate binary not null,
    response   text collate binary not null,
    place      bigint not null, -- input: -N to -1; output: from 0
    id         text collate binary not null,
    body       text   not null, -- JSON
    expires_at bigint not null, -- 0: with the thread
    primary key (account, response, place)
);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_0b960b4c43aafa938bbdc789f6b30e9d', -1, 'msg_01m8av3kgg29h3mxpptzmrkdxr', '{"type":"message","role":"user","content":[{"type":"input_text","text":"Who?"}],"id":"msg_01m8av3kgg29h3mxpptzmrkdxr"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_0b960b4c43aafa938bbdc789f6b30e9d', 0, 'msg_cb3e63a3af11c7bbab0891715f02741e', '{"id":"msg_cb3e63a3af11c7bbab0891715f02741e","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_1413627bb29295f2950ce395b6c4442e', -1, 'msg_01m8av3ptp4t87d61mt7c9rkfp', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow and left behind one two three four five six seven"}],"id":"msg_01m8av3ptp4t87d61mt7c9rkfp"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_8fa9555085904e779e21235e87bb0cbc', -1, 'msg_01m8av3kmrk6yt26mzjgjwtcwa', '{"type":"message","role":"user","content":[{"type":"input_text","text":"quick"}],"id":"msg_01m8av3kmrk6yt26mzjgjwtcwa"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_8fa9555085904e779e21235e87bb0cbc', 0, 'msg_7cfb939b2873f29929fc566ab65138a6', '{"id":"msg_7cfb939b2873f29929fc566ab65138a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_95749e7fed3b32af94a9612f074c7674', -1, 'msg_01m8av3nqc6741frfb249syv23', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow to be cancelled one two three"}],"id":"msg_01m8av3nqc6741frfb249syv23"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', -1, 'msg_01m8av3kadgm4v63axnh9a8a0z', '{"type":"message","role":"user","content":[{"type":"input_text","text":"My name is Ada."}],"id":"msg_01m8av3kadgm4v63axnh9a8a0z"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_a6427a413f8b02dc3e3cf29206ecd70c', 0, 'msg_749984d459a7825a81fb82f9e9185c82', '{"id":"msg_749984d459a7825a81fb82f9e9185c82","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_c7e7b38a1647e0cea3d7b89aea215a07', 0, 'msg_3e7ab1a8fecc5f2716e257045d5d70d2', '{"id":"msg_3e7ab1a8fecc5f2716e257045d5d70d2","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Not stored. (1 messages)","annotations":[],"logprobs":[]}]}', 1795660903965109);
CREATE TABLE response_event (
    account  text collate binary not null,
    response text collate binary not null,
    first    bigint not null, -- sequence number of the row's first event
    last     bigint not null,
    events   text   not null,
    primary key (account, response, first)
);
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_1413627bb29295f2950ce395b6c4442e', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_1413627bb29295f2950ce395b6c4442e","object":"response","created_at":1795660307,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_1413627bb29295f2950ce395b6c4442e","object":"response","created_at":1795660307,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_1413627bb29295f2950ce395b6c4442e","object":"response","created_at":1795660307,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_2517e52e70457045145e980a079a32f2","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_2517e52e70457045145e980a079a32f2","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_2517e52e70457045145e980a079a32f2","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_1413627bb29295f2950ce395b6c4442e', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_2517e52e70457045145e980a079a32f2","delta":"said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_1413627bb29295f2950ce395b6c4442e', 7, 7, '7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_2517e52e70457045145e980a079a32f2","delta":"slow ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_8fa9555085904e779e21235e87bb0cbc', 0, 13, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_8fa9555085904e779e21235e87bb0cbc","object":"response","created_at":1795660304,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_8fa9555085904e779e21235e87bb0cbc","object":"response","created_at":1795660304,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_8fa9555085904e779e21235e87bb0cbc","object":"response","created_at":1795660304,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_7cfb939b2873f29929fc566ab65138a6","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","delta":"You ","logprobs":[]}
6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","delta":"said: ","logprobs":[]}
7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","delta":"quick ","logprobs":[]}
8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","delta":"(1 ","logprobs":[]}
9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","delta":"messages) ","logprobs":[]}
10 response.output_text.done {"type":"response.output_text.done","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","text":"You said: quick (1 messages) ","logprobs":[]}
11 response.content_part.done {"type":"response.content_part.done","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_7cfb939b2873f29929fc566ab65138a6","part":{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}}
12 response.output_item.done {"type":"response.output_item.done","sequence_number":12,"output_index":0,"item":{"id":"msg_7cfb939b2873f29929fc566ab65138a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}}
13 response.completed {"type":"response.completed","sequence_number":13,"response":{"id":"resp_8fa9555085904e779e21235e87bb0cbc","object":"response","created_at":1795660304,"completed_at":1795660304,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_7cfb939b2873f29929fc566ab65138a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_95749e7fed3b32af94a9612f074c7674', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_95749e7fed3b32af94a9612f074c7674","object":"response","created_at":1795660306,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_95749e7fed3b32af94a9612f074c7674","object":"response","created_at":1795660306,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_95749e7fed3b32af94a9612f074c7674","object":"response","created_at":1795660306,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_f271fc00537d8fe38291f27826f68e20","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_f271fc00537d8fe38291f27826f68e20","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_f271fc00537d8fe38291f27826f68e20","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_efo4nu6hbp4vsbuokmml7uuwt3', 'resp_95749e7fed3b32af94a9612f074c7674', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_f271fc00537d8fe38291f27826f68e20","delta":"said: ","logprobs":[]}
');
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-26 02:31:37.962', '2026-11-26 02:32:02.975', 'tower_2026_11_26T02_31_37_946685', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-26 02:31:36');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-26 02:31:36');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-26 02:31:36');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-26 02:31:36');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-26 02:31:36');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-26 02:31:37');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-26 02:31:37');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-26 02:31:37');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-26 02:31:42.459', '{"queue": "local"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (2, '2026-11-26 02:31:44.028', '{"queue": "responses"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-26 02:31:38.023', X'0C', NULL, '2026-11-26 02:31:38.023');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-26 02:31:37.957', X'0C', NULL, '2026-11-26 02:31:37.957');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('responses', '2026-11-26 02:31:38.044', X'0C', NULL, '2026-11-26 02:31:38.044');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-26 02:31:38.082', X'0C', NULL, '2026-11-26 02:31:38.082');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-26 02:31:38.072', X'0C', NULL, '2026-11-26 02:31:38.072');
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
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313562312D633837612D373166612D613365662D343838373337383162663333576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-26 02:31:42.466', X'CB1FC71D766D5F323032365F31315F32365430325F33315F33375F393436363835', '2026-11-26 02:31:42.459', NULL, '2026-11-26 02:31:42.661', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-26 02:31:42.459', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (2, X'CC53776163636F756E74C71F616363745F65666F346E753668627034767362756F6B6D6D6C377575777433276964C725726573705F3866613935353530383539303465373739653231323335653837626230636263', 1, '2026-11-26 02:31:44.034', X'CB1FC71D766D5F323032365F31315F32365430325F33315F33375F393436363835', '2026-11-26 02:31:44.028', NULL, '2026-11-26 02:31:44.161', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 02:31:44.028', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (3, X'CC53776163636F756E74C71F616363745F65666F346E753668627034767362756F6B6D6D6C377575777433276964C725726573705F3935373439653766656433623332616639346139363132663037346337363734', 1, '2026-11-26 02:31:46.166', X'CB1FC71D766D5F323032365F31315F32365430325F33315F33375F393436363835', '2026-11-26 02:31:46.160', NULL, '2026-11-26 02:31:47.411', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 02:31:46.160', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (4, X'CC53776163636F756E74C71F616363745F65666F346E753668627034767362756F6B6D6D6C377575777433276964C725726573705F3134313336323762623239323935663239353063653339356236633434343265', 1, '2026-11-26 02:31:47.292', X'CB1FC71D766D5F323032365F31315F32365430325F33315F33375F393436363835', '2026-11-26 02:31:47.288', NULL, NULL, 'response', 25, X'0C', 1, 'responses', 'running', '2026-11-26 02:31:47.288', X'0B', NULL, NULL);
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
CREATE INDEX account_member_account on account_member (account, created_at, id);
CREATE UNIQUE INDEX account_member_email on account_member (account, email) where email <> '' and removed_at = 0;
CREATE INDEX api_key_member on api_key (member) where member <> '';
CREATE INDEX audit_actor on audit (actor, seq);
CREATE INDEX audit_action on audit (action, seq);
CREATE TRIGGER audit_is_not_changed before update on audit begin select raise(abort, 'the audit trail only grows'); end;
CREATE TRIGGER audit_is_not_deleted before delete on audit begin select raise(abort, 'the audit trail only grows'); end;
CREATE INDEX price_model on price (model, version);
CREATE INDEX bucket_purse on bucket (purse, seq);
CREATE INDEX bucket_expires on bucket (expires_at) where expires_at > 0 and balance > 0;
CREATE INDEX posting_source on posting (source, at);
CREATE INDEX posting_dest on posting (dest, at) where dest <> 'revenue';
CREATE INDEX transfer_account on transfer (account, at);
CREATE INDEX lease_purse on lease (purse) where state = 'live';
CREATE INDEX lease_replica on lease (replica) where state = 'live';
CREATE INDEX lease_expires on lease (expires_at) where state = 'live';
CREATE INDEX lease_ended on lease (expires_at) where state = 'ended';
CREATE INDEX hold_purse on hold (purse);
CREATE INDEX hold_expires on hold (expires_at);
CREATE INDEX charge_line_key on charge_line (api_key, at) where amount > 0;
CREATE UNIQUE INDEX limit_rule_scope on limit_rule (account, api_key, surface, route, model);
CREATE INDEX checkout_account on checkout (account, created_at, id);
CREATE UNIQUE INDEX checkout_session on checkout (processor, session) where session <> '';
CREATE INDEX checkout_payment on checkout (processor, payment) where payment <> '';
CREATE INDEX payment_event_payment on payment_event (processor, payment) where payment <> '';
CREATE INDEX response_thread_expires on response_thread (expires_at);
CREATE INDEX response_member on response (account, thread);
CREATE INDEX response_running on response (beat_at) where state in ('queued', 'in_progress');
CREATE INDEX response_told on response (ended_at) where sequence >= 0 and ended_at > 0;
CREATE INDEX response_item_id on response_item (account, id);
CREATE INDEX response_item_expires on response_item (expires_at) where expires_at > 0;
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
insert into sqlite_sequence (name, seq) values ('audit', 11);
insert into sqlite_sequence (name, seq) values ('change', 18);
insert into sqlite_sequence (name, seq) values ('goose_db_version', 8);
insert into sqlite_sequence (name, seq) values ('river_job', 4);
insert into sqlite_sequence (name, seq) values ('river_notification', 2);
commit;
