// Names and types: Tooling API reference, 'EntityDefinition', 'FieldDefinition',
// 'PlatformEventChannel', 'PlatformEventChannelMember', 'EnrichedField',
// 'ManagedEventSubscription', read 2026-11.
// `since: 999` keeps the link between the two definitions out of describes.
#include "sandbox/tooling/tooling_objects.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kEntityDefinition = R"yaml(object: EntityDefinition
label: Entity Definition
plural: Entity Definitions
keyPrefix: "4ie"
createable: false
deletable: false
fields:
  - {name: Id, label: Entity Definition ID, type: id}
  - {name: DurableId, label: Durable ID, type: string, length: 255, externalId: true}
  - {name: LastModifiedDate, label: Last Modified Date, type: datetime}
  - {name: QualifiedApiName, label: Qualified API Name, type: string, length: 70, idLookup: true}
  - {name: DeveloperName, label: Developer Name, type: string, length: 80}
  - {name: NamespacePrefix, label: Namespace Prefix, type: string, length: 15}
  - {name: MasterLabel, label: Master Label, type: string, length: 80}
  - {name: Label, label: Label, type: string, length: 80}
  - {name: PluralLabel, label: Plural Label, type: string, length: 80}
  - {name: KeyPrefix, label: Key Prefix, type: string, length: 3}
  - {name: PublisherId, label: Publisher, type: string, length: 255}
  - {name: DeploymentStatus, label: Deployment Status, type: string, length: 40}
  - {name: ExternalSharingModel, label: External Sharing Model, type: string, length: 40}
  - {name: InternalSharingModel, label: Internal Sharing Model, type: string, length: 40}
  - {name: IsApexTriggerable, label: Apex Triggerable, type: boolean}
  - {name: IsCompactLayoutable, label: Compact Layoutable, type: boolean}
  - {name: IsCustomSetting, label: Custom Setting, type: boolean}
  - {name: IsCustomizable, label: Customizable, type: boolean}
  - {name: IsDeprecatedAndHidden, label: Deprecated and Hidden, type: boolean}
  - {name: IsEverCreatable, label: Ever Creatable, type: boolean}
  - {name: IsEverDeletable, label: Ever Deletable, type: boolean}
  - {name: IsEverUpdatable, label: Ever Updatable, type: boolean}
  - {name: IsFeedEnabled, label: Feed Enabled, type: boolean}
  - {name: IsIdEnabled, label: ID Enabled, type: boolean}
  - {name: IsLayoutable, label: Layoutable, type: boolean}
  - {name: IsMruEnabled, label: MRU Enabled, type: boolean}
  - {name: IsProcessEnabled, label: Process Enabled, type: boolean}
  - {name: IsQueryable, label: Queryable, type: boolean}
  - {name: IsReplicateable, label: Replicateable, type: boolean}
  - {name: IsRetrieveable, label: Retrieveable, type: boolean}
  - {name: IsSearchable, label: Searchable, type: boolean}
  - {name: IsTriggerable, label: Triggerable, type: boolean}
  - {name: IsWorkflowEnabled, label: Workflow Enabled, type: boolean}
)yaml";

constexpr std::string_view kFieldDefinition = R"yaml(object: FieldDefinition
label: Field Definition
plural: Field Definitions
keyPrefix: "4fe"
createable: false
deletable: false
fields:
  - {name: Id, label: Field Definition ID, type: id}
  - {name: DurableId, label: Durable ID, type: string, length: 255, externalId: true}
  - {name: LastModifiedDate, label: Last Modified Date, type: datetime}
  - {name: EntityDefinitionId, label: Entity Definition ID, type: string, length: 255}
  - {name: EntityDefinitionKey, label: Entity Definition, type: reference,
     referenceTo: [EntityDefinition], relationship: EntityDefinition, children: Fields, since: 999}
  - {name: QualifiedApiName, label: Qualified API Name, type: string, length: 90}
  - {name: DeveloperName, label: Developer Name, type: string, length: 80}
  - {name: NamespacePrefix, label: Namespace Prefix, type: string, length: 15}
  - {name: MasterLabel, label: Master Label, type: string, length: 80}
  - {name: Label, label: Label, type: string, length: 80}
  - {name: Length, label: Length, type: int, digits: 9}
  - {name: Precision, label: Precision, type: int, digits: 9}
  - {name: Scale, label: Scale, type: int, digits: 9}
  - {name: DataType, label: Data Type, type: string, length: 4000}
  - {name: ValueTypeId, label: Value Type ID, type: string, length: 40}
  - {name: ServiceDataTypeId, label: Service Data Type ID, type: string, length: 40}
  - {name: ExtraTypeInfo, label: Extra Type Info, type: string, length: 40}
  - {name: ReferenceTo, label: Reference To, type: textarea, length: 4000}
  - {name: ReferenceTargetField, label: Reference Target Field, type: string, length: 255}
  - {name: RelationshipName, label: Relationship Name, type: string, length: 80}
  - {name: ControllingFieldDefinitionId, label: Controlling Field, type: string, length: 255}
  - {name: Description, label: Description, type: string, length: 1000}
  - {name: PublisherId, label: Publisher, type: string, length: 255}
  - {name: BusinessStatus, label: Business Status, type: string, length: 40}
  - {name: SecurityClassification, label: Security Classification, type: string, length: 40}
  - {name: ComplianceGroup, label: Compliance Group, type: string, length: 255}
  - {name: IsApiFilterable, label: API Filterable, type: boolean}
  - {name: IsApiGroupable, label: API Groupable, type: boolean}
  - {name: IsApiSortable, label: API Sortable, type: boolean}
  - {name: IsCalculated, label: Calculated, type: boolean}
  - {name: IsCompactLayoutable, label: Compact Layoutable, type: boolean}
  - {name: IsFieldHistoryTracked, label: Field History Tracked, type: boolean}
  - {name: IsHighScaleNumber, label: High Scale Number, type: boolean}
  - {name: IsHtmlFormatted, label: HTML Formatted, type: boolean}
  - {name: IsIndexed, label: Indexed, type: boolean}
  - {name: IsListFilterable, label: List Filterable, type: boolean}
  - {name: IsListSortable, label: List Sortable, type: boolean}
  - {name: IsListVisible, label: List Visible, type: boolean}
  - {name: IsNameField, label: Name Field, type: boolean}
  - {name: IsNillable, label: Nillable, type: boolean}
  - {name: IsPolymorphicForeignKey, label: Polymorphic Foreign Key, type: boolean}
  - {name: IsSearchPrefilterable, label: Search Prefilterable, type: boolean}
  - {name: IsWorkflowFilterable, label: Workflow Filterable, type: boolean}
)yaml";

constexpr std::string_view kChannel = R"yaml(object: PlatformEventChannel
label: Platform Event Channel
plural: Platform Event Channels
keyPrefix: "0YL"
undeletable: false
fields:
  - {name: Id, label: Platform Event Channel ID, type: id}
  - {name: DeveloperName, label: Developer Name, type: string, length: 80}
  - {name: Language, label: Language, type: string, length: 40}
  - {name: MasterLabel, label: Label, type: string, length: 80}
  - {name: NamespacePrefix, label: Namespace Prefix, type: string, length: 15}
  - {name: ManageableState, label: Manageable State, type: string, length: 40}
  - {name: ChannelType, label: Channel Type, type: string, length: 40}
  - {name: EventType, label: Event Type, type: string, length: 40}
  - {name: FullName, label: Full Name, type: string, length: 255}
  - {name: Metadata, label: Metadata, type: textarea, length: 32000}
)yaml";

constexpr std::string_view kMember = R"yaml(object: PlatformEventChannelMember
label: Platform Event Channel Member
plural: Platform Event Channel Members
keyPrefix: "0v8"
undeletable: false
fields:
  - {name: Id, label: Platform Event Channel Member ID, type: id}
  - {name: DeveloperName, label: Developer Name, type: string, length: 80}
  - {name: Language, label: Language, type: string, length: 40}
  - {name: MasterLabel, label: Label, type: string, length: 80}
  - {name: NamespacePrefix, label: Namespace Prefix, type: string, length: 15}
  - {name: ManageableState, label: Manageable State, type: string, length: 40}
  - {name: EventChannel, label: Event Channel, type: string, length: 255}
  - {name: SelectedEntity, label: Selected Entity, type: string, length: 255}
  - {name: FilterExpression, label: Filter Expression, type: string, length: 255}
  - {name: FullName, label: Full Name, type: string, length: 255}
  - {name: Metadata, label: Metadata, type: textarea, length: 32000}
)yaml";

constexpr std::string_view kEnriched = R"yaml(object: EnrichedField
label: Enriched Field
plural: Enriched Fields
keyPrefix: "0v9"
createable: false
updateable: false
undeletable: false
fields:
  - {name: Id, label: Enriched Field ID, type: id}
  - {name: ChannelMemberId, label: Channel Member ID, type: reference,
     referenceTo: [PlatformEventChannelMember], relationship: ChannelMember,
     children: EnrichedFields}
  - {name: Field, label: Field, type: picklist}
)yaml";

constexpr std::string_view kManaged = R"yaml(object: ManagedEventSubscription
label: Managed Event Subscription
plural: Managed Event Subscriptions
keyPrefix: "18x"
undeletable: false
fields:
  - {name: Id, label: Managed Event Subscription ID, type: id}
  - {name: DeveloperName, label: Developer Name, type: string, length: 80}
  - {name: Language, label: Language, type: string, length: 40}
  - {name: MasterLabel, label: Label, type: string, length: 80}
  - {name: NamespacePrefix, label: Namespace Prefix, type: string, length: 15}
  - {name: ManageableState, label: Manageable State, type: string, length: 40}
  - {name: TopicName, label: Topic Name, type: string, length: 255}
  - {name: DefaultReplay, label: Default Replay, type: string, length: 40}
  - {name: ErrorRecoveryReplay, label: Error Recovery Replay, type: string, length: 40}
  - {name: State, label: State, type: string, length: 40}
  - {name: FullName, label: Full Name, type: string, length: 255}
  - {name: Metadata, label: Metadata, type: textarea, length: 32000}
)yaml";

constexpr std::string_view kFiles[] = {kEntityDefinition, kFieldDefinition, kChannel,
                                       kMember,           kEnriched,        kManaged};

}  // namespace

std::span<const std::string_view> ToolingObjectFiles() { return kFiles; }

}  // namespace firn::sandbox
