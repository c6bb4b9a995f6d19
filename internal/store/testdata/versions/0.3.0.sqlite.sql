pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-25 23:20:25');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-25 23:20:25');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-25 23:20:25');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-25 23:20:25');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-25 23:20:25');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-25 23:20:25');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (7, 6, 1, '2026-11-25 23:20:25');
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
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', 1795648826399238);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_xdzpulxhco36mbq4a3nou44upj', 1795648826399238);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_oyko35keqmjjkqj5474ia66ptu', 1795648826399238);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'catalog', '1', 1795648828259755);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'catalog', '2', 1795648828552993);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'account', 'acct_hnnxayyqxalbsj442hfq52txcr', 1795648829966202);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'key', 'key_ccdt4stvjn2p3oobodpyehp4pa', 1795648831800866);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'key', 'key_66cqncfvpkd4aykwcub5v2zwdu', 1795648833790937);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'key', 'key_ccdt4stvjn2p3oobodpyehp4pa', 1795648833790937);
insert into "change" ("seq", "kind", "ref", "at") values (10, 'limit', 'acct_hnnxayyqxalbsj442hfq52txcr', 1795648834042521);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0, tier text not null default '', auto_tier bigint not null default 1);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier") values ('acct_hnnxayyqxalbsj442hfq52txcr', 'Customer', '', 1795648829910304, NULL, NULL, '', -1, 0, '', 1);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier") values ('acct_xdzpulxhco36mbq4a3nou44upj', 'Default', '', 1795648826397663, NULL, NULL, '', -1, 0, '', 1);
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
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at") values ('key_66cqncfvpkd4aykwcub5v2zwdu', 'acct_hnnxayyqxalbsj442hfq52txcr', 'budgeted', X'B506F720F4EFA4DE25DCD675E62C3D64BEEDB7FA3233F11E801C6743AD7AC56C', 'sk-Xm5n…bkSR', 'models:read inference', 1795648833789425, NULL, NULL, '', '', '', 1000000000, '', 0);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at") values ('key_ccdt4stvjn2p3oobodpyehp4pa', 'acct_hnnxayyqxalbsj442hfq52txcr', 'budgeted', X'11CC6C45DFCF4FA5DDDD70C9A519C37ED12A9F7F3AB3793CB519A3626796A155', 'sk-gs41…TcZ2', 'models:read inference', 1795648831800449, 1795735233790382, NULL, '', '', '', 1000000000, 'key_66cqncfvpkd4aykwcub5v2zwdu', 0);
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at") values ('key_oyko35keqmjjkqj5474ia66ptu', 'acct_xdzpulxhco36mbq4a3nou44upj', 'First key', X'F2B9EFD32409279D97A38F392CC2D97A9C8AF7F03CF73CEBDBB078E1B9613DED', 'sk-Hmtc…1Hpi', '*', 1795648826397671, NULL, NULL, '', '', '', -1, '', 0);
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
);
insert into "operator" ("id", "name", "role", "created_at") values ('opr_zihetajvl5kkdbffr5fiod24pt', 'First operator', 'operator', 1795648826397662);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_mkjhw5jek7q2gzjfddblqsqkwo', 'opr_zihetajvl5kkdbffr5fiod24pt', X'2EBEDAF88851753703067EF42DB82F4168A547363AEC94EBB9DD6FFB12FCB3E8', 'op-EguI…cdLQ', 1795648826397662, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795648826397775);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795648826398004, 'system', 'operator.create', 'opr_zihetajvl5kkdbffr5fiod24pt', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795648826398050, 'system', 'account.create', 'acct_xdzpulxhco36mbq4a3nou44upj', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795648826398115, 'system', 'credit.grant', 'acct_xdzpulxhco36mbq4a3nou44upj', '5.00 USD: Starting credit');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795648826398712, 'system', 'key.create', 'key_oyko35keqmjjkqj5474ia66ptu', 'acct_xdzpulxhco36mbq4a3nou44upj');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795648828259222, 'opr_zihetajvl5kkdbffr5fiod24pt', 'provider.put', 'mock', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:18999/v1; credential: (none) → set; responses: (none) → auto; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795648828259222, 'opr_zihetajvl5kkdbffr5fiod24pt', 'model.put', 'priced-chat', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":0.5,"output":1.25,"cached_input":0.05}; edge: (none) → true; targets: (none) → [{"provider":"mock","model":"inner","weight":1,"cost":{"currency":"USD","unit":"million_token","input":0.2,"output":0.6}…; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795648828259222, 'opr_zihetajvl5kkdbffr5fiod24pt', 'model.put', 'secret-chat', 'type: (none) → text; api: (none) → chat; privacy: (none) → private; free: (none) → true; accounts: (none) → acct_xdzpulxhco36mbq4a3nou44upj; targets: (none) → [{"provider":"mock","model":"inner","weight":1}]; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795648828259222, 'opr_zihetajvl5kkdbffr5fiod24pt', 'settings.put', 'default_chat', 'default_chat: (none) → priced-chat');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795648828552353, 'opr_zihetajvl5kkdbffr5fiod24pt', 'model.put', 'priced-chat', 'pricing: {"currency":"USD","unit":"million_token","input":0.5,"output":1.25,"cached_input":0.05} → {"currency":"USD","unit":"million_token","input":0.6,"output":1.25,"cached_input":0.05}');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795648828873973, 'opr_zihetajvl5kkdbffr5fiod24pt', 'credit.grant', 'acct_xdzpulxhco36mbq4a3nou44upj', '10.00 USD: Welcome');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795648829198499, 'opr_zihetajvl5kkdbffr5fiod24pt', 'credit.deposit', 'acct_xdzpulxhco36mbq4a3nou44upj', '20.00 USD: Invoice 7');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (12, 1795648829466483, 'opr_zihetajvl5kkdbffr5fiod24pt', 'credit.terms', 'acct_xdzpulxhco36mbq4a3nou44upj', 'credit_line: 0.00 -> 5.00 USD');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (13, 1795648829965516, 'opr_zihetajvl5kkdbffr5fiod24pt', 'account.create', 'acct_hnnxayyqxalbsj442hfq52txcr', 'Customer');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (14, 1795648829965567, 'opr_zihetajvl5kkdbffr5fiod24pt', 'credit.grant', 'acct_hnnxayyqxalbsj442hfq52txcr', '5.00 USD: Starting credit');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (15, 1795648831502342, 'opr_zihetajvl5kkdbffr5fiod24pt', 'member.create', 'mem_6mo5csrqzxfwjeizy53axrqcij', 'account: acct_hnnxayyqxalbsj442hfq52txcr, role: owner');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (16, 1795648831800837, 'opr_zihetajvl5kkdbffr5fiod24pt', 'key.create', 'key_ccdt4stvjn2p3oobodpyehp4pa', 'acct_hnnxayyqxalbsj442hfq52txcr');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (17, 1795648833790286, 'opr_zihetajvl5kkdbffr5fiod24pt', 'key.create', 'key_66cqncfvpkd4aykwcub5v2zwdu', 'acct_hnnxayyqxalbsj442hfq52txcr');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (18, 1795648833790869, 'opr_zihetajvl5kkdbffr5fiod24pt', 'key.rotate', 'key_ccdt4stvjn2p3oobodpyehp4pa', 'to: key_66cqncfvpkd4aykwcub5v2zwdu, overlap: 24h0m0s');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (19, 1795648834042470, 'opr_zihetajvl5kkdbffr5fiod24pt', 'limit.put', 'acct_hnnxayyqxalbsj442hfq52txcr', 'lim_fjp4ax7wdoyhyfftjlsg6xdhwc model=* requests=100');
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
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('mock', 'openai', 'http://127.0.0.1:18999/v1', '', 's1.17233b0d.8ccWgaQFf9G0kn7ED5n6eoMUVOBGh4hfgM9A3wnW1D_aatMGSUp1_h4t', '', 'auto', 'r.yaml', 1795648828259013);
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
, input_schema text not null default '', output_schema text not null default '', deadline text not null default '', concurrency bigint not null default 0, pricing text not null default '', price_version bigint not null default 0, edge boolean not null default false);
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge") values ('priced-chat', 1, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795648828259013, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":0.6,"output":1.25,"cached_input":0.05}', 2, 1);
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge") values ('secret-chat', 2, 0, '', '', 'text', 'chat', 'private', '', '', '', 1, 0, 0, 0, 'r.yaml', 1795648828259013, '', '', '', 0, '', 0, 0);
CREATE TABLE catalog_name (
    folded   text collate binary not null primary key,
    name     text collate binary not null,
    model    text collate binary not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
insert into "catalog_name" ("folded", "name", "model", "position") values ('priced-chat', 'priced-chat', 'priced-chat', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('secret-chat', 'secret-chat', 'secret-chat', 0);
CREATE TABLE catalog_target (
    model        text collate binary not null references catalog_model (slug) on delete cascade,
    position     bigint not null,
    provider     text collate binary not null,
    upstream     text   not null,
    priority     bigint not null,
    weight       bigint not null,
    fetch_inputs text   not null, cost text not null default '',
    primary key (model, position)
);
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost") values ('priced-chat', 0, 'mock', 'inner', 0, 1, '', '{"currency":"USD","unit":"million_token","input":0.2,"output":0.6}');
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost") values ('secret-chat', 0, 'mock', 'inner', 0, 1, '', '');
CREATE TABLE catalog_default (
    api   text collate binary not null primary key,
    model text collate binary not null
);
insert into "catalog_default" ("api", "model") values ('chat', 'priced-chat');
CREATE TABLE charge_batch (
    id    text collate binary not null primary key,
    at    bigint not null, -- microseconds since 1970
    lines bigint not null
 ) without rowid;
insert into "charge_batch" ("id", "at", "lines") values ('hoi5opm18k-6jgvszf56ri', 1795648834214084, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoi5opog3q-1eq6rsm4hlloj', 1795648834326662, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoi5opq8sv-3mii5e3jw413d', 1795648834410511, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoi5oprvha-13gp8ciia9xtf', 1795648834486558, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoi5optre2-d5t5b07bojdv', 1795648834574570, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoi5opwhs6-1tkro1gnggnlm', 1795648834702086, 1);
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
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8ag5jmm45adf4s3y7wkdzd2', 'hoi5opm18k-6jgvszf56ri', 1795648834213929, 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', 'mock/inner', 2, 11, 4, 0, 0, 11600, 0, 'ok', 'tokens', 0, '', 0, 4600, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8ag5jrja51qsp955qfnzc4a', 'hoi5opog3q-1eq6rsm4hlloj', 1795648834326638, 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', 'mock/inner', 2, 11, 4, 0, 0, 11600, 0, 'ok', 'tokens', 0, '', 0, 4600, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8ag5jv55e106qt8998ysasd', 'hoi5opq8sv-3mii5e3jw413d', 1795648834410488, 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', 'mock/inner', 2, 11, 4, 0, 0, 11600, 0, 'ok', 'tokens', 0, '', 0, 4600, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8ag5jxgtge919kr75c2yjr1', 'hoi5oprvha-13gp8ciia9xtf', 1795648834486537, 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'secret-chat', 'mock/inner', 0, 11, 4, 0, 0, 0, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8ag5k01wv0sffex72w9wzct', 'hoi5optre2-d5t5b07bojdv', 1795648834574545, 'acct_hnnxayyqxalbsj442hfq52txcr', 'key_ccdt4stvjn2p3oobodpyehp4pa', 'priced-chat', 'mock/inner', 2, 11, 4, 0, 0, 11600, 0, 'ok', 'tokens', 0, '', 0, 4600, 'key_ccdt4stvjn2p3oobodpyehp4pa/2026-11');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8ag5k4d0fw2hfc43qg3cgrt', 'hoi5opwhs6-1tkro1gnggnlm', 1795648834702068, 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'skytower-embed-small', 'local/skytower-embed-small', 0, 1, 0, 0, 0, 0, 0, 'ok', 'tokens', 0, '', 0, 0, '');
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5be81vztm40n8t9y5zmm', 1795648826824122, 'GET', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 0, 367, 1033, 1038, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5ctj2fwtp8zqavfjhxth', 1795648828242512, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 626, 1124, 12229, 12236, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5cv25y06d94ywf0491qd', 1795648828258241, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 611, 1125, 8806, 8812, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5d3wtsv5v1vd8vy2gmtv', 1795648828540349, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 626, 428, 8546, 8553, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5d46hh2eq756e6g2t410', 1795648828550355, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 611, 429, 15324, 15332, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5de90a5d39r0g34c3xx0', 1795648828873397, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_xdzpulxhco36mbq4a3nou44upj/credit', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 114, 246, 16845, 16853, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5drewedb2bnqnhmz4pxt', 1795648829198077, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_xdzpulxhco36mbq4a3nou44upj/credit', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 53, 257, 5888, 5897, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5e0s2kvyv05fpa4sqt5p', 1795648829465585, 'PATCH', '/admin/v1/accounts/{id}/terms', '/admin/v1/accounts/acct_xdzpulxhco36mbq4a3nou44upj/terms', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 17, 622, 6110, 6117, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5eepd1vrag4ssbexasgm', 1795648829910084, 'POST', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 19, 203, 57878, 57886, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5g0dm25h5ar1zt5sdvzs', 1795648831501032, 'POST', '/admin/v1/accounts/{id}/members', '/admin/v1/accounts/acct_hnnxayyqxalbsj442hfq52txcr/members', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 55, 198, 9568, 9576, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5g9qx37fkrmsmgffxk10', 1795648831799846, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 111, 341, 11142, 11149, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5gmpdsz0m0n0h2nb7det', 1795648832150851, 'GET', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 0, 288, 1984, 1989, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5j7psrgqkhm28ds8aw5n', 1795648833782795, 'POST', '/admin/v1/keys/{id}/rotate', '/admin/v1/keys/key_ccdt4stvjn2p3oobodpyehp4pa/rotate', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 2, 341, 15725, 15735, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5jfssmezm0dzdzcy67we', 1795648834041771, 'PUT', '/admin/v1/limits', '/admin/v1/limits', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 80, 110, 4293, 4301, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5jmm45adf4s3y7wkdzd2', 1795648834196751, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', 'mock/inner', 11, 4, 67, 261, 20518, 20602, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5jrja51qsp955qfnzc4a', 1795648834322759, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', 'mock/inner', 11, 4, 67, 261, 6013, 6028, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5jv55e106qt8998ysasd', 1795648834405701, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', 'mock/inner', 11, 4, 67, 261, 6088, 6100, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5jxgtge919kr75c2yjr1', 1795648834480395, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'secret-chat', 'mock/inner', 11, 4, 67, 261, 7474, 7493, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5k01wv0sffex72w9wzct', 1795648834561841, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_hnnxayyqxalbsj442hfq52txcr', 'key_ccdt4stvjn2p3oobodpyehp4pa', 'priced-chat', 'mock/inner', 11, 4, 67, 261, 13909, 13922, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5k4d0fw2hfc43qg3cgrt', 1795648834701708, 'POST', '/v1/embeddings', '/v1/embeddings', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'skytower-embed-small', 'local/skytower-embed-small', 1, 0, 45, 1335, 12269, 12286, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5k94458wp60hk07f3vew', 1795648834852744, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'priced-chat', '', 0, 0, 82, 375, 1041, 1047, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5mzc9fh2jf9vvh1q32t3', 1795648836588030, 'POST', '/v1/predictions', '/v1/predictions', 200, 'ok', '', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'skytower-upscale-2x', '', 0, 0, 193, 1496, 52630, 52640, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5n9f8mt0w97emcaw4zm3', 1795648836911969, 'GET', '/admin/v1/ledger/verify', '/admin/v1/ledger/verify', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 0, 121, 9983, 9991, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8ag5nhasa0zna59h21ryr97', 1795648837162172, 'GET', '/admin/v1/accounts/{id}/balance', '/admin/v1/accounts/acct_xdzpulxhco36mbq4a3nou44upj/balance', 200, 'ok', '', 'operator', 'opk_mkjhw5jek7q2gzjfddblqsqkwo', '', '', 0, 0, 0, 636, 990, 996, 0, '127.0.0.1');
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
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key", "amount", "price_version", "quote") values ('01a21502-d3ed-711b-90fe-68ad015ef25d', 'acct_xdzpulxhco36mbq4a3nou44upj', 'key_oyko35keqmjjkqj5474ia66ptu', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'canceled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGNwaDgARwzEcQBoUhgBbi01fQAAAABJRU5ErkJggg=="}', 'succeeded', 4, 1795648836589033, 1795648836604804, 1795648836628970, 1795648836628970, NULL, X'7F0BE074BF5D8CA3AD973432373C22B0303657461AD0D56A784A817BCE5EC5EE', 0, 1, 1795648836629619, 0, '', '', '', 1795650636604804, 'null', '', '', '', 99999, 7584, 0, 1795735236628970, 0, '', '', 'http://127.0.0.1:18181', '', 0, 0, '');
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
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_xdzpulxhco36mbq4a3nou44upj', 0, 1795648836589647, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795648836589647, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_xdzpulxhco36mbq4a3nou44upj', 20782, 'skytower-upscale-2x', 'succeeded', 1);
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
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8ag5n0djj0m91xvjbn4n09y', 'acct_xdzpulxhco36mbq4a3nou44upj', '01a21502-d3ed-711b-90fe-68ad015ef25d', 1, 0, 'output', 'upscaled.png', 'image/png', 232, '', X'C48DEE3DBD1E632C1DD1A40EFC408C5F3E6F6E1A88B22725A6B387BC7E0F5D31', 'kept', 1795648836621414, 1795735236628970);
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
insert into "account_member" ("id", "account", "name", "email", "role", "created_at", "removed_at") values ('mem_6mo5csrqzxfwjeizy53axrqcij', 'acct_hnnxayyqxalbsj442hfq52txcr', 'Ada', 'ada@example.com', 'owner', 1795648831501732, 0);
CREATE TABLE price (
    version bigint not null primary key, -- from 1
    model   text collate binary not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
insert into "price" ("version", "model", "at", "actor", "spec") values (1, 'priced-chat', 1795648828259222, 'opr_zihetajvl5kkdbffr5fiod24pt', '{"currency":"USD","unit":"million_token","input":0.5,"output":1.25,"cached_input":0.05}');
insert into "price" ("version", "model", "at", "actor", "spec") values (2, 'priced-chat', 1795648828552353, 'opr_zihetajvl5kkdbffr5fiod24pt', '{"currency":"USD","unit":"million_token","input":0.6,"output":1.25,"cached_input":0.05}');
CREATE TABLE catalog_grant (
    model   text collate binary not null references catalog_model (slug) on delete cascade,
    account text collate binary not null,
    primary key (model, account)
);
insert into "catalog_grant" ("model", "account") values ('secret-chat', 'acct_xdzpulxhco36mbq4a3nou44upj');
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
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_hnnxayyqxalbsj442hfq52txcr', 'account', 'acct_hnnxayyqxalbsj442hfq52txcr', 0, 'sponsored deposited payg', 0, 3, 0, 1795648829965620);
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_xdzpulxhco36mbq4a3nou44upj', 'account', 'acct_xdzpulxhco36mbq4a3nou44upj', 5000000000, 'sponsored deposited payg', 0, 4, 0, 1795648826398186);
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('key_ccdt4stvjn2p3oobodpyehp4pa/2026-11', 'key', 'acct_hnnxayyqxalbsj442hfq52txcr', 1000000000, 'budget', 0, 1, 0, 1795648834562063);
CREATE TABLE bucket (
    id         text collate binary not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text collate binary not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_hnnxayyqxalbsj442hfq52txcr:deposited', 'acct_hnnxayyqxalbsj442hfq52txcr', 'deposited', 1, 0, 0, 1795648829965620);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_hnnxayyqxalbsj442hfq52txcr:payg', 'acct_hnnxayyqxalbsj442hfq52txcr', 'payg', 2, 0, 0, 1795648829965620);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_hnnxayyqxalbsj442hfq52txcr:sponsored:3', 'acct_hnnxayyqxalbsj442hfq52txcr', 'sponsored', 3, 4999988400, 0, 1795648829965620);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_xdzpulxhco36mbq4a3nou44upj:deposited', 'acct_xdzpulxhco36mbq4a3nou44upj', 'deposited', 1, 20000000000, 0, 1795648826398186);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_xdzpulxhco36mbq4a3nou44upj:payg', 'acct_xdzpulxhco36mbq4a3nou44upj', 'payg', 2, 0, 0, 1795648826398186);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_xdzpulxhco36mbq4a3nou44upj:sponsored:3', 'acct_xdzpulxhco36mbq4a3nou44upj', 'sponsored', 3, 5000000000, 0, 1795648826398186);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_xdzpulxhco36mbq4a3nou44upj:sponsored:4', 'acct_xdzpulxhco36mbq4a3nou44upj', 'sponsored', 4, 9999965200, 1830208828859285, 1795648828877996);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('key_ccdt4stvjn2p3oobodpyehp4pa/2026-11:budget', 'key_ccdt4stvjn2p3oobodpyehp4pa/2026-11', 'budget', 1, 999988400, 0, 1795648834562063);
CREATE TABLE posting (
    transfer text collate binary not null,
    source   text collate binary not null,
    dest     text collate binary not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
 ) without rowid;
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoi5opm18k-6jgvszf56ri', 'acct_xdzpulxhco36mbq4a3nou44upj:sponsored:4', 'revenue', 11600, 1795648834214084);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoi5opog3q-1eq6rsm4hlloj', 'acct_xdzpulxhco36mbq4a3nou44upj:sponsored:4', 'revenue', 11600, 1795648834326662);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoi5opq8sv-3mii5e3jw413d', 'acct_xdzpulxhco36mbq4a3nou44upj:sponsored:4', 'revenue', 11600, 1795648834410511);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoi5optre2-d5t5b07bojdv', 'acct_hnnxayyqxalbsj442hfq52txcr:sponsored:3', 'revenue', 11600, 1795648834574570);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_xdzpulxhco36mbq4a3nou44upj/um7c4ho37oylmukwvtkdrcqqwb', 'granted', 'acct_xdzpulxhco36mbq4a3nou44upj:deposited', 20000000000, 1795648829198499);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_xdzpulxhco36mbq4a3nou44upj/w1', 'granted', 'acct_xdzpulxhco36mbq4a3nou44upj:sponsored:4', 10000000000, 1795648828873973);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('welcome/acct_hnnxayyqxalbsj442hfq52txcr', 'granted', 'acct_hnnxayyqxalbsj442hfq52txcr:sponsored:3', 5000000000, 1795648829965567);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('welcome/acct_xdzpulxhco36mbq4a3nou44upj', 'granted', 'acct_xdzpulxhco36mbq4a3nou44upj:sponsored:3', 5000000000, 1795648826398115);
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
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_xdzpulxhco36mbq4a3nou44upj/um7c4ho37oylmukwvtkdrcqqwb', 'deposit', 'acct_xdzpulxhco36mbq4a3nou44upj', 20000000000, 1795648829198499, 'opr_zihetajvl5kkdbffr5fiod24pt', 'Invoice 7', '', X'E2C414178D5A5CDBD55A77B5749FF63F91DE33BF40DE86462441715C4F8198C3');
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_xdzpulxhco36mbq4a3nou44upj/w1', 'grant', 'acct_xdzpulxhco36mbq4a3nou44upj', 10000000000, 1795648828873973, 'opr_zihetajvl5kkdbffr5fiod24pt', 'Welcome', 'w1', X'3804D100984CFB9BB6A3D4B22FD2072C20013B3E0526C35C7D359DD8EB916A7B');
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('welcome/acct_hnnxayyqxalbsj442hfq52txcr', 'grant', 'acct_hnnxayyqxalbsj442hfq52txcr', 5000000000, 1795648829965567, 'opr_zihetajvl5kkdbffr5fiod24pt', 'Starting credit', '', X'CAD080B6A77BFBE423BD519600CAF3FAA511320753E240F3773F6E51DF38B536');
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('welcome/acct_xdzpulxhco36mbq4a3nou44upj', 'grant', 'acct_xdzpulxhco36mbq4a3nou44upj', 5000000000, 1795648826398115, 'system', 'Starting credit', '', X'8F26483F492A56B37305C98E9014685062D9E990FD225482A8E1E58806EB810E');
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
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_4X4UAFH76GLSJRUJXHPJ53TTUY', 'acct_hnnxayyqxalbsj442hfq52txcr', 'acct_hnnxayyqxalbsj442hfq52txcr:sponsored:3', '7TJOSD5DAFKYFFU5YOTA7CVOBT', 1240709800, 11600, 'live', 0, 1795648834566019, 1795648894566019);
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_7J7JIVW3V2DVDVNQRTNJDR22JM', 'key_ccdt4stvjn2p3oobodpyehp4pa/2026-11', 'key_ccdt4stvjn2p3oobodpyehp4pa/2026-11:budget', '7TJOSD5DAFKYFFU5YOTA7CVOBT', 246091200, 11600, 'live', 0, 1795648834562433, 1795648894562433);
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_K243OJUZ2KD73FQ5HS7UIKGU7Z', 'acct_xdzpulxhco36mbq4a3nou44upj', 'acct_xdzpulxhco36mbq4a3nou44upj:sponsored:4', '7TJOSD5DAFKYFFU5YOTA7CVOBT', 9997455000, 34800, 'live', 0, 1795648834197157, 1795648894197157);
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
insert into "limit_rule" ("id", "account", "api_key", "surface", "route", "model", "requests", "tokens_in", "tokens_out", "concurrency", "created_at") values ('lim_fjp4ax7wdoyhyfftjlsg6xdhwc', 'acct_hnnxayyqxalbsj442hfq52txcr', '', '', '', '*', 100, -1, -1, -1, 1795648834042259);
CREATE TABLE spend_month (
    account text collate binary not null,
    month   text collate binary not null, -- 2026-11
    before  bigint not null,
    spent   bigint not null, -- in the month, as last looked at
    primary key (account, month)
);
insert into "spend_month" ("account", "month", "before", "spent") values ('acct_xdzpulxhco36mbq4a3nou44upj', '2026-11', 0, 0);
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
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-25 23:20:26.415', '2026-11-25 23:20:51.425', 'tower_2026_11_25T23_20_26_412659', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-25 23:20:25');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-25 23:20:25');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-25 23:20:26');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-25 23:20:26');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-25 23:20:26');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-25 23:20:26');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-25 23:20:26');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-25 23:20:26');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-25 23:20:36.591', '{"queue": "local"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-25 23:20:26.413', X'0C', NULL, '2026-11-25 23:20:26.413');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-25 23:20:26.434', X'0C', NULL, '2026-11-25 23:20:26.434');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-25 23:20:26.430', X'0C', NULL, '2026-11-25 23:20:26.430');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-25 23:20:26.418', X'0C', NULL, '2026-11-25 23:20:26.418');
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
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313530322D643365642D373131622D393066652D363861643031356566323564576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-25 23:20:36.600', X'CB1FC71D766D5F323032365F31315F32355432335F32305F32365F343132363539', '2026-11-25 23:20:36.590', NULL, '2026-11-25 23:20:36.715', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-25 23:20:36.590', X'0B', NULL, NULL);
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
insert into sqlite_sequence (name, seq) values ('audit', 19);
insert into sqlite_sequence (name, seq) values ('change', 10);
insert into sqlite_sequence (name, seq) values ('goose_db_version', 7);
insert into sqlite_sequence (name, seq) values ('river_job', 1);
insert into sqlite_sequence (name, seq) values ('river_notification', 1);
commit;
