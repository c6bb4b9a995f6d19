-- +goose NO TRANSACTION
-- +goose Up

-- On PostgreSQL the request log has a partition for each month, so that old months go by
-- dropping a table. What is there becomes the first partition, request_log_old, as it
-- stands: nothing is copied. Rows for which there is no month (a clock that jumped, rows of
-- a copied database) go to request_log_default.
--
-- Each of the three steps is a transaction of its own, short but for the second, which
-- reads the table and keeps nobody waiting. Whatever is broken off is done again from the
-- beginning. Servers of the version before write and read the table all the while, and
-- afterwards: its name, columns and key stay. Between the first step and the third it takes
-- no rows from the bound on, which is a week ahead or more.
--
-- On SQLite nothing changes.

{{postgres}}-- +goose StatementBegin
{{postgres}}do $$
{{postgres}}declare
{{postgres}}    bound bigint := extract(epoch from date_trunc('month', (now() at time zone 'UTC') + interval '7 days') + interval '1 month')::bigint * 1000000;
{{postgres}}    tries int := 0;
{{postgres}}begin
{{postgres}}    if (select relkind from pg_class where oid = 'request_log'::regclass) = 'p' then
{{postgres}}        return; -- done before
{{postgres}}    end if;
{{postgres}}    loop -- who waits for the lock keeps others waiting: a second at most
{{postgres}}        begin
{{postgres}}            perform set_config('lock_timeout', '1s', true);
{{postgres}}            lock table request_log in access exclusive mode;
{{postgres}}            exit;
{{postgres}}        exception when lock_not_available then
{{postgres}}            tries := tries + 1;
{{postgres}}            if tries >= 150 then
{{postgres}}                raise exception 'request_log could not be partitioned: another session has used it for five minutes (pg_stat_activity tells which); start again when it has ended';
{{postgres}}            end if;
{{postgres}}        end;
{{postgres}}        perform pg_sleep(1);
{{postgres}}    end loop;
{{postgres}}    alter table request_log drop constraint if exists request_log_old_bound; -- of a try that was broken off
{{postgres}}    create table if not exists request_log_default (like request_log including defaults including indexes);
{{postgres}}    with late as (delete from request_log where at >= bound returning *)
{{postgres}}        insert into request_log_default select * from late on conflict do nothing;
{{postgres}}    execute format('alter table request_log add constraint request_log_old_bound check (at < %s) not valid', bound);
{{postgres}}end $$;
{{postgres}}-- +goose StatementEnd

{{postgres}}-- +goose StatementBegin
{{postgres}}do $$
{{postgres}}begin
{{postgres}}    if (select relkind from pg_class where oid = 'request_log'::regclass) <> 'p' then
{{postgres}}        alter table request_log validate constraint request_log_old_bound; -- reads it all; reading and writing go on
{{postgres}}    end if;
{{postgres}}end $$;
{{postgres}}-- +goose StatementEnd

{{postgres}}-- +goose StatementBegin
{{postgres}}do $$
{{postgres}}declare
{{postgres}}    first timestamp := date_trunc('month', now() at time zone 'UTC'); -- month with a partition of its own
{{postgres}}    bound bigint;
{{postgres}}    tries int := 0;
{{postgres}}    begins bigint;
{{postgres}}    ends bigint;
{{postgres}}begin
{{postgres}}    if (select relkind from pg_class where oid = 'request_log'::regclass) = 'p' then
{{postgres}}        return;
{{postgres}}    end if;
{{postgres}}    loop
{{postgres}}        begin
{{postgres}}            perform set_config('lock_timeout', '1s', true);
{{postgres}}            lock table request_log in access exclusive mode;
{{postgres}}            exit;
{{postgres}}        exception when lock_not_available then
{{postgres}}            tries := tries + 1;
{{postgres}}            if tries >= 150 then
{{postgres}}                raise exception 'request_log could not be partitioned: another session has used it for five minutes (pg_stat_activity tells which); start again when it has ended';
{{postgres}}            end if;
{{postgres}}        end;
{{postgres}}        perform pg_sleep(1);
{{postgres}}    end loop;
{{postgres}}    alter table request_log rename to request_log_old;
{{postgres}}    alter index request_log_pkey rename to request_log_old_pkey;
{{postgres}}    alter index request_log_account rename to request_log_old_account;
{{postgres}}    alter index request_log_status rename to request_log_old_status;
{{postgres}}    alter index request_log_error rename to request_log_old_error;
{{postgres}}    alter index request_log_account_status rename to request_log_old_account_status;
{{postgres}}    alter index request_log_account_error rename to request_log_old_account_error;
{{postgres}}    create table request_log (like request_log_old including defaults) partition by range (at);
{{postgres}}    alter table request_log add constraint request_log_pkey primary key (at, request);
{{postgres}}    create index request_log_account on request_log (account, at);
{{postgres}}    create index request_log_status on request_log (status, at) where status >= 400;
{{postgres}}    create index request_log_error on request_log (error_id, at) where error_id <> '';
{{postgres}}    create index request_log_account_status on request_log (account, status, at) where status >= 400;
{{postgres}}    create index request_log_account_error on request_log (account, error_id, at) where error_id <> '';
{{postgres}}    if exists (select from request_log_old) then
{{postgres}}        select substring(pg_get_constraintdef(oid) from '[0-9]{12,}')::bigint into strict bound
{{postgres}}            from pg_constraint where conrelid = 'request_log_old'::regclass and conname = 'request_log_old_bound';
{{postgres}}        execute format('alter table request_log attach partition request_log_old for values from (minvalue) to (%s)', bound);
{{postgres}}        alter table request_log_old drop constraint request_log_old_bound; -- the partition's bound says the same
{{postgres}}        first := to_timestamp(bound / 1000000) at time zone 'UTC';
{{postgres}}    else
{{postgres}}        drop table request_log_old; -- a new database
{{postgres}}    end if;
{{postgres}}    for i in 0..3 loop
{{postgres}}        begins := extract(epoch from first + make_interval(months => i))::bigint * 1000000;
{{postgres}}        ends := extract(epoch from first + make_interval(months => i + 1))::bigint * 1000000;
{{postgres}}        execute format('create table %I partition of request_log for values from (%s) to (%s)',
{{postgres}}            'request_log_' || to_char(first + make_interval(months => i), 'YYYY_MM'), begins, ends);
{{postgres}}        with late as (delete from request_log_default where at >= begins and at < ends returning *)
{{postgres}}            insert into request_log select * from late;
{{postgres}}    end loop;
{{postgres}}    alter table request_log attach partition request_log_default default;
{{postgres}}end $$;
{{postgres}}-- +goose StatementEnd
