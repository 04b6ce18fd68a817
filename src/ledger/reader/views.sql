-- The tables that questions are answered from; loaded with what one question needs.
CREATE TABLE runs (
    run_id VARCHAR NOT NULL,
    started TIMESTAMP NOT NULL,      -- UTC
    is_retracted BOOLEAN NOT NULL
);
CREATE TABLE stats (
    run_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    last DOUBLE,
    final DOUBLE,
    first DOUBLE,
    low DOUBLE,                      -- extremes over finite values
    high DOUBLE
);
CREATE TABLE params (                -- long: params, and the fields every run has
    run_id VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    number DOUBLE,
    whole HUGEINT,                   -- exact where number would round
    flag BOOLEAN
);
