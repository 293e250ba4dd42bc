"""django-salesforce, Django's ORM over Salesforce, against the sandbox: it writes SOQL of its own, reads describes,
bundles writes into composite requests and turns errors into exceptions.

What could go wrong in production: an application that never wrote a line of SOQL gets an error in its name.
"""
import datetime

import django
import pytest
import requests
from django.conf import settings

from support.sandbox import running


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.02") as facts:
        requests.post(facts["http_url"] + "/sandbox/apps", timeout=60,
                      json={"client_id": facts["client_id"], "password_flow": True}).raise_for_status()
        trust = pytest.MonkeyPatch()
        trust.setenv("REQUESTS_CA_BUNDLE", facts["ca_file"])
        trust.setenv("NO_PROXY", "localhost")
        settings.configure(
            INSTALLED_APPS=["salesforce"], USE_TZ=True, SALESFORCE_QUERY_TIMEOUT=(60, 300),
            DATABASE_ROUTERS=["salesforce.router.ModelRouter"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
                       "salesforce": {"ENGINE": "salesforce.backend", "HOST": facts["tls_url"],
                                      "CONSUMER_KEY": facts["client_id"], "CONSUMER_SECRET": facts["client_secret"],
                                      "USER": facts["username"], "PASSWORD": "any"}})
        django.setup()
        from salesforce import models as of_salesforce

        class Account(of_salesforce.Model):
            name = of_salesforce.CharField(max_length=255)
            industry = of_salesforce.CharField(max_length=255, null=True)
            annual_revenue = of_salesforce.DecimalField(max_digits=18, decimal_places=0, null=True)
            created_date = of_salesforce.DateTimeField(sf_read_only=of_salesforce.READ_ONLY)
            key = of_salesforce.CharField(max_length=64, null=True, db_column="ExternalKey__c")

            class Meta(of_salesforce.Model.Meta):
                app_label = "crm"
                db_table = "Account"

        class Contact(of_salesforce.Model):
            last_name = of_salesforce.CharField(max_length=80)
            account = of_salesforce.ForeignKey(Account, of_salesforce.DO_NOTHING, null=True)

            class Meta(of_salesforce.Model.Meta):
                app_label = "crm"
                db_table = "Contact"

        yield Account, Contact
        trust.undo()


def test_django_creates_reads_changes_and_deletes(models):
    account, contact = models
    made = account.objects.create(name="Django's \"Ltd\" \\ Söhne", industry="Energy", annual_revenue=125)
    read = account.objects.get(pk=made.pk)
    assert (read.name, read.annual_revenue) == ("Django's \"Ltd\" \\ Söhne", 125)
    assert abs(read.created_date - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(hours=1)
    read.industry = None
    read.save()
    assert account.objects.filter(pk=made.pk, industry__isnull=True).exists()
    child = contact.objects.create(last_name="Reader", account=read)
    assert contact.objects.select_related("account").get(pk=child.pk).account.name == read.name
    read.delete()
    assert not account.objects.filter(pk=made.pk).exists()


def test_django_filters_orders_and_counts(models):
    from django.db.models import Count, Max, Q

    account, contact = models
    account.objects.bulk_create([account(name=f"dj {n:03}", industry=("Energy", "Banking")[n % 2], annual_revenue=n)
                                 for n in range(30)])
    ours = account.objects.filter(name__startswith="dj ")
    assert ours.count() == 30
    assert [each.name for each in ours.order_by("-name")[:3]] == ["dj 029", "dj 028", "dj 027"]
    assert ours.filter(Q(name__contains="01") | Q(annual_revenue__gt=25)).exclude(industry="Energy").count() == 8
    assert ours.exclude(Q(industry="Energy") | Q(annual_revenue__lt=20)).count() == 5
    grouped = ours.values("industry").annotate(number=Count("id"), most=Max("annual_revenue")).order_by("industry")
    assert [(row["industry"], row["number"], row["most"]) for row in grouped] == [("Banking", 15, 29), ("Energy", 15, 28)]
    contact.objects.create(last_name="Join", account=ours.get(name="dj 007"))
    assert contact.objects.filter(account__name="dj 007", account__industry="Banking").get().last_name == "Join"
    assert ours.filter(pk__in=contact.objects.filter(last_name="Join").values("account")).get().name == "dj 007"
    assert ours.filter(name__lt="dj 010").update(industry="Media") == 10
    assert ours.filter(industry="Media").count() == 10


def test_django_reads_every_page(models):
    _, contact = models
    assert len({each.pk for each in contact.objects.all()}) == contact.objects.count() > 200


def test_django_names_what_the_org_refuses(models):
    from salesforce.dbapi.exceptions import SalesforceError

    account, _ = models
    account.objects.create(name="first", key="dj-unique")
    with pytest.raises(SalesforceError, match="DUPLICATE_VALUE"):
        account.objects.create(name="second", key="dj-unique")
    with pytest.raises(SalesforceError, match="REQUIRED_FIELD_MISSING"):
        account.objects.create(name="")
