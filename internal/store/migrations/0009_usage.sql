-- +goose Up

-- The filters of the request log: each is answered by an index, newest first.
create index request_log_request on request_log (request);
