#!/bin/sh
# Train what is checked out, keep its data, build a service, roll it out.
# Usage: release.sh VERSION ROOT PORT
set -eu
version=$1 root=$2 port=$3
dvc repro
dvc push
bentoml build --version "$version"
ansible-playbook -i localhost, -c local deploy.yml -e "version=$version root=$root service_port=$port"
