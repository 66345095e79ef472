"""`crd`: print the CustomResourceDefinition."""

import click

from receiver.cluster.crd import crd_text


@click.command()
def crd() -> None:
    """Print the CRD of the records: rollback-receiver crd | kubectl apply -f -"""
    click.echo(crd_text(), nl=False)
