# 每个目标即 ./tiku 的同名命令 every target is ./tiku's verb of that name: ./tiku help
#   make data BANK="题库 (1).docx"   =   ./tiku data "题库 (1).docx"
# TIKU_LANG=zh|en|both: 消息的语言 the language of messages (./tiku --lang).
# Values of NAME=… reach it as they were typed (commands/main.py): neither make nor a shell reads
# them, and no recipe below holds a word of the user's.

VERBS = demo data review train sweep recipes download estimate check merge combine convert \
        quantize deploy stop keys proxy chat index evidence ask answers web eval sample report compare export \
        upload verify trust backup restore audit sbom doctor gpu-check bench bench-serve test test-slow lint clean

# make would export them expanded: a question is never a command. (A question's words are not
# names: only what make itself calls a variable of the command line is.)
unexport $(foreach word,$(MAKEOVERRIDES),$(foreach name,$(firstword $(subst =, ,$(word))),\
  $(if $(filter command,$(firstword $(origin $(name)))),$(name))))
export TIKU_GOALS := $(MAKECMDGOALS)

in_language := TIKU_LANG=$(filter zh en both,$(TIKU_LANG))

# make would call a file that is there up to date, and do nothing with it.
files := $(foreach goal,$(filter-out help lock env-% $(VERBS),$(MAKECMDGOALS)),$(wildcard $(goal)))
ifneq ($(files),)
$(error $(shell $(in_language) ./tiku --goal-is-a-file) $(firstword $(files)))
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help $(VERBS) lock
Makefile: ;

help $(VERBS): export TIKU_GOAL = $@
help $(VERBS):
	+@./tiku --make

env-core env-train env-train-448 env-serve env-turbomind env-lmdeploy env-clients env-eval env-dev \
env-ray env-speech env-hub env-ocr env-answers: env-%:
	@$(in_language) python3 requirements/install.py $*

# Resolve each stage anew from requirements/*.txt and note what came out.
lock:
	@$(in_language) python3 requirements/install.py --lock core train train-448 serve turbomind eval dev hub ocr speech lmdeploy clients answers \
		ray ragstack milvus embed llamafactory

# Anything else is a typo, and tiku knows what is near.
.DEFAULT:
	+@./tiku --make
