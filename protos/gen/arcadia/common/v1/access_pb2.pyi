from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Access(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCESS_UNSPECIFIED: _ClassVar[Access]
    ACCESS_PUBLIC: _ClassVar[Access]
    ACCESS_AUTHENTICATED: _ClassVar[Access]
    ACCESS_TENANT: _ClassVar[Access]
    ACCESS_OPERATOR: _ClassVar[Access]
    ACCESS_INTERNAL: _ClassVar[Access]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_PLATFORM_BILLING: _ClassVar[Role]
    ROLE_PLATFORM_OPERATIONS: _ClassVar[Role]
    ROLE_PLATFORM_VIEWER: _ClassVar[Role]
    ROLE_ADMIN: _ClassVar[Role]
    ROLE_BILLING: _ClassVar[Role]

class Program(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROGRAM_UNSPECIFIED: _ClassVar[Program]
    PROGRAM_WORKER: _ClassVar[Program]
    PROGRAM_INVENTORY: _ClassVar[Program]
    PROGRAM_BILLING: _ClassVar[Program]
    PROGRAM_CATALOG: _ClassVar[Program]
    PROGRAM_ANALYTICS: _ClassVar[Program]
    PROGRAM_USAGE_REPORTER: _ClassVar[Program]
ACCESS_UNSPECIFIED: Access
ACCESS_PUBLIC: Access
ACCESS_AUTHENTICATED: Access
ACCESS_TENANT: Access
ACCESS_OPERATOR: Access
ACCESS_INTERNAL: Access
ROLE_UNSPECIFIED: Role
ROLE_PLATFORM_BILLING: Role
ROLE_PLATFORM_OPERATIONS: Role
ROLE_PLATFORM_VIEWER: Role
ROLE_ADMIN: Role
ROLE_BILLING: Role
PROGRAM_UNSPECIFIED: Program
PROGRAM_WORKER: Program
PROGRAM_INVENTORY: Program
PROGRAM_BILLING: Program
PROGRAM_CATALOG: Program
PROGRAM_ANALYTICS: Program
PROGRAM_USAGE_REPORTER: Program
ACCESS_FIELD_NUMBER: _ClassVar[int]
access: _descriptor.FieldDescriptor
ROLES_FIELD_NUMBER: _ClassVar[int]
roles: _descriptor.FieldDescriptor
CALLERS_FIELD_NUMBER: _ClassVar[int]
callers: _descriptor.FieldDescriptor
