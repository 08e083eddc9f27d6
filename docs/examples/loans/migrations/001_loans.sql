create table loans (
    id uuid primary key,
    profile_id uuid not null,
    amount numeric(12, 2) not null check (amount > 0),
    term_months integer not null check (term_months > 0),
    status text not null default 'requested' check (status in ('requested', 'approved', 'rejected')),
    created_at timestamptz not null default now()
);

create index loans_by_status on loans (status, created_at);

create table documents (
    key text primary key,
    loan_id uuid not null references loans (id),
    size bigint not null,
    attached_at timestamptz not null default now()
);

create index documents_by_loan on documents (loan_id);
