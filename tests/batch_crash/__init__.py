"""kill -9 of a batch at every one of its steps, on SQLite and on PostgreSQL, against a service that counts.

`python -m batch_crash --times 20 --ledger sqlite` in the folder of the tests; `nox -s crash` does both kinds.
"""
