# Needs Python 3.11 to 3.13 and a package index, nothing else. uv is used where there is one.
.DEFAULT_GOAL := help
.PHONY: help demo test test-bi test-faults bi init run restore rebuild upgrade withdraw erase prune explain review session crm metrics \
	dev docs bench lint lock clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
SETUP := .venv/requirements.lock
# Superset 6.1 wants a pandas that has no wheel for Python 3.13.
BI_PYTHON ?= $(shell for p in $(PYTHON) python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
BI_SETUP := .venv-bi/requirements.lock
RIVALS_SETUP := .venv-rivals/pyvenv.cfg
CLIENTS_SETUP := .venv-clients/pyvenv.cfg
NO_TELEMETRY := GX_ANALYTICS_ENABLED=false DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1
RUN := $(NO_TELEMETRY) $(BIN)/python -m

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(SETUP): requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found: install one, or say make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Setting up .venv with $(PYTHON) …"
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r requirements.lock; \
	else \
		$(PYTHON) -m venv --clear .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; \
	fi
	@cp requirements.lock $(SETUP)

demo: $(SETUP) ## run the monthly job on demo/exports and show what it found
	@$(RUN) orchestration demo

test: $(SETUP) ## lint, types, dbt parse, pytest, dbt build of the demo with all tests
	@$(MAKE) --no-print-directory lint
	@$(RUN) pytest

lint: $(SETUP) ## ruff, mypy and sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

init: $(SETUP) ## DIR=dir: a workspace of your own
	@test -n "$(DIR)" || { echo "Say where: make init DIR=my-workspace"; exit 2; }
	@$(RUN) orchestration init "$(DIR)"

run: $(SETUP) ## EXPORTS=dir MONTH=2026-10 [SEEDS=dir]: the monthly job on your own exports
	@test -n "$(EXPORTS)" && test -n "$(MONTH)" || { echo "Say which: make run EXPORTS=my-workspace/exports MONTH=2026-10"; exit 2; }
	@$(RUN) orchestration run --exports "$(EXPORTS)" --month "$(MONTH)" $(if $(SEEDS),--seeds "$(SEEDS)")

restore: $(SETUP) ## MONTH=2026-09 [EXPORTS=dir]: an earlier month, published again
	@test -n "$(MONTH)" || { echo "Say which: make restore MONTH=2026-09"; exit 2; }
	@$(RUN) orchestration restore --month "$(MONTH)" $(if $(EXPORTS),--exports "$(EXPORTS)")

rebuild: $(SETUP) ## [EXPORTS=dir]: the warehouse built anew from its own raw tables, when a release asks for it
	@$(RUN) orchestration rebuild $(if $(EXPORTS),--exports "$(EXPORTS)")

upgrade: $(SETUP) ## SEEDS=dir: the seed files and columns that this release reads and an older workspace lacks
	@test -n "$(SEEDS)" || { echo "Say which: make upgrade SEEDS=my-workspace/seeds"; exit 2; }
	@$(RUN) orchestration upgrade --seeds "$(SEEDS)"

withdraw: $(SETUP) ## PARTY=acme [EXPORTS=dir]: a party that has withdrawn, taken out of everything
	@test -n "$(PARTY)" || { echo "Say who: make withdraw PARTY=acme"; exit 2; }
	@$(RUN) orchestration withdraw $(if $(EXPORTS),--exports "$(EXPORTS)") -- "$(PARTY)"

erase: $(SETUP) ## EMAIL=address, or CONTACT=party:id, or NAME=name ACCOUNT=key [EXPORTS=dir]: one person, taken out of everything
	@test -n "$(EMAIL)$(CONTACT)$(NAME)" || { echo "Say who: make erase EMAIL=jane@acme.example"; exit 2; }
	@$(RUN) orchestration erase $(if $(EXPORTS),--exports "$(EXPORTS)") $(if $(EMAIL),--email "$(EMAIL)") \
		$(if $(CONTACT),--contact "$(CONTACT)") $(if $(NAME),--name "$(NAME)") $(if $(ACCOUNT),--account "$(ACCOUNT)")

prune: $(SETUP) ## [MONTHS=24] [EXPORTS=dir]: lists, refusals, results and logs older than the months that are kept
	@$(RUN) orchestration prune $(if $(EXPORTS),--exports "$(EXPORTS)") $(if $(MONTHS),--months "$(MONTHS)")

explain: $(SETUP) ## LEFT=record RIGHT=record [EXPORTS=dir]: why two records are, or are not, one company
	@test -n "$(LEFT)" && test -n "$(RIGHT)" || { echo "Say which: make explain LEFT=us:123 RIGHT=acme:456"; exit 2; }
	@$(RUN) orchestration explain $(if $(EXPORTS),--exports "$(EXPORTS)") -- "$(LEFT)" "$(RIGHT)"

review: $(SETUP) ## [EXPORTS=dir]: the pairs that wait for a person, as a sheet to fill
	@$(RUN) orchestration review $(if $(EXPORTS),--exports "$(EXPORTS)")

session: $(SETUP) ## [PARTNER=id] [EXPORTS=dir]: the workbook of the one-hour mapping session, per partner
	@$(RUN) orchestration session $(if $(EXPORTS),--exports "$(EXPORTS)") $(if $(PARTNER),--partner "$(PARTNER)")

crm: $(SETUP) ## [EXPORTS=dir]: tiers, plays and ranks as a CSV for our CRM, keyed by its own ids
	@$(RUN) orchestration crm $(if $(EXPORTS),--exports "$(EXPORTS)")

metrics: $(SETUP) ## [EXPORTS=dir] [BY="partner …"]: the figures of joint selling, all together or by partner, stage, month …
	@$(RUN) orchestration metrics $(if $(EXPORTS),--exports "$(EXPORTS)") $(foreach name,$(BY),--by $(name))

dev: $(SETUP) ## [EXPORTS=dir]: Dagster's web UI
	@$(RUN) orchestration dev $(if $(EXPORTS),--exports "$(EXPORTS)")

docs: $(SETUP) ## [EXPORTS=dir]: the documentation of every table and column
	@$(RUN) orchestration docs $(if $(EXPORTS),--exports "$(EXPORTS)")

bi: $(SETUP) $(BI_SETUP) ## [EXPORTS=dir] [PORT=8088] [DEMO_USER=1]: dashboards over the published marts, in Apache Superset
	@$(RUN) bi $(if $(EXPORTS),--exports "$(EXPORTS)") $(if $(PORT),--port "$(PORT)") $(if $(DEMO_USER),--demo-user)

test-bi: $(SETUP) $(BI_SETUP) $(CLIENTS_SETUP) ## the dashboards in a real Superset and Chromium, and other clients, on the demo
	@$(RUN) pytest -m bi

test-faults: $(SETUP) ## the faults that make test leaves out: runs killed at every stage, a full disk, a file of 2 GB
	@$(RUN) pytest -m faults

$(BI_SETUP): bi/requirements.lock
	@test -n "$(BI_PYTHON)" || { echo "No Python 3.11 or 3.12 found for Superset: install one, or say make bi BI_PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Setting up .venv-bi with $(BI_PYTHON) …"
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python "$$($(BI_PYTHON) -c 'import sys; print(sys.executable)')" .venv-bi && \
		uv pip install --quiet --compile-bytecode --python .venv-bi/bin/python --no-deps --require-hashes -r bi/requirements.lock; \
	else \
		$(BI_PYTHON) -m venv --clear .venv-bi && \
		.venv-bi/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r bi/requirements.lock; \
	fi
	@cp bi/requirements.lock $(BI_SETUP)

bench: $(SETUP) $(if $(RIVALS),$(RIVALS_SETUP)) ## [BENCH_DATA=dir] [RIVALS=1] [MILLION=1] [PARTS="speed …"]: measure, into benchmarks/REPORT.md
	@$(RUN) benchmarks $(if $(BENCH_DATA),--bench-data "$(BENCH_DATA)") $(if $(RIVALS),--rivals-python .venv-rivals/bin/python) \
		$(if $(MILLION),--million) $(foreach part,$(PARTS),--part $(part))

# Tools we measure ourselves against, and clients of the published files; no part of our own set-up, nor of the lock. A pip
# that knows groups comes with 25.1.
$(RIVALS_SETUP) $(CLIENTS_SETUP): .venv-%/pyvenv.cfg: pyproject.toml
	@echo "Setting up .venv-$* …"
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python $(BIN)/python .venv-$* && \
		uv pip install --quiet --python .venv-$*/bin/python --group $*; \
	else \
		$(BIN)/python -m venv --clear .venv-$* && \
		.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" && \
		.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --group $*; \
	fi
	@touch $@

lock: ## renew requirements.lock and bi/requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --quiet --upgrade -o requirements.lock
	uv pip compile --group pyproject.toml:bi --universal --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --quiet --upgrade -o bi/requirements.lock

clean: ## remove what was built, the set-up included
	rm -rf .venv .venv-bi .venv-clients .venv-rivals var dbt_project/target .mypy_cache .ruff_cache .pytest_cache .hypothesis
