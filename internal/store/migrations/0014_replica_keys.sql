-- +goose Up

-- The ids of the master keys that a process has, the one that seals first, with spaces
-- between them. A process of an earlier version writes none.
alter table replica add column master_keys text not null default '';
